"""Makes the template's stack in moto, over HTTP, and by the services' own calls whatever moto skips or cuts short.

A stack that moto calls complete is no proof: it reports success for kinds that it does not know, and drops properties
of those that it knows. So ``tests.fleet.own_calls`` makes these, and ``tests.fleet.readers`` read everything back.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Any

import boto3

from deploy.render import template

ACCOUNT, REGION = "123456789012", "eu-west-1"
STACK = "gas"
DOMAIN = "gas.example.org"
Properties = dict[str, Any]


@functools.cache
def client(service: str) -> Any:
    """Return a client of the stand-in, of which a process has one; the stubs would be a dozen for a few calls each."""
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


@dataclass
class Made:
    """The stack: the template, what was made by its name in the template, and the values of the parameters."""

    template: dict[str, Any]
    ids: dict[str, str]
    parameters: dict[str, str]

    def kind(self, name: str) -> str:
        """Return the type of a resource."""
        return str(self.template["Resources"][name]["Type"])

    def properties(self, name: str) -> Properties:
        """Return a resource's properties with every reference resolved."""
        found: Properties = self.resolved(self.template["Resources"][name].get("Properties", {}))
        return found

    def of_type(self, kind: str, condition: str | None = None) -> list[str]:
        """Return the names of the resources of one kind that stand under this condition, or under none."""
        rows = self.template["Resources"].items()
        return [name for name, row in rows if row["Type"] == kind and row.get("Condition") == condition]

    def resolved(self, value: Any) -> Any:  # noqa: PLR0911 (one for each function)
        """Put values in the place of CloudFormation's functions."""
        if isinstance(value, list):
            return [self.resolved(each) for each in value]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Ref", name)]:
                return self.reference(name)
            case [("Fn::GetAtt", [name, attribute])]:
                return self.attribute(name, attribute)
            case [("Fn::Sub", text)]:
                return re.sub(r"\$\{([^}]+)\}", lambda match: self._named(match[1]), text)
            case [("Fn::If", [condition, one, other])]:
                return self.resolved(one if self.holds(condition) else other)
            case [("Fn::Select", [place, {"Fn::GetAZs": ""}])]:
                return f"{REGION}{'abc'[place]}"
        return {key: self.resolved(each) for key, each in value.items()}

    def holds(self, condition: str) -> bool:
        """Say whether a condition of the template holds with these parameters."""
        one, other = self.resolved(self.template["Conditions"][condition]["Fn::Equals"])
        return str(one) == str(other)

    def _named(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        return self.attribute(resource, attribute) if attribute else self.reference(name)

    def reference(self, name: str) -> str:
        """Return what ``Ref`` gives."""
        pseudo = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
        return {**self.ids, **self.parameters, **pseudo}[name]

    def attribute(self, name: str, attribute: str) -> str:  # noqa: PLR0911 (one for each attribute)
        """Return what ``Fn::GetAtt`` gives, for the attributes that the template asks for."""
        own = self.template["Resources"][name]["Properties"]
        match self.kind(name), attribute:
            case "AWS::SQS::Queue", "Arn":
                return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{own['QueueName']}"
            case "AWS::SQS::Queue", "QueueName":
                return str(own["QueueName"])
            case "AWS::S3::Bucket", "Arn":
                return f"arn:aws:s3:::{self.ids[name]}"
            case "AWS::KMS::Key", "Arn":
                return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{self.ids[name]}"
            case "AWS::IAM::Role", "Arn":
                return f"arn:aws:iam::{ACCOUNT}:role/{self.ids[name]}"
            case "AWS::ECS::Service", "Name":
                return str(own["ServiceName"])
            case "AWS::EC2::EIP", "AllocationId":
                [address] = client("ec2").describe_addresses(PublicIps=[self.ids[name]])["Addresses"]
                return str(address["AllocationId"])
            case "AWS::RDS::DBInstance", "Endpoint.Address":
                [row] = client("rds").describe_db_instances(DBInstanceIdentifier=self.ids[name])["DBInstances"]
                return str(row["Endpoint"]["Address"])
            case _, "LoadBalancerFullName":
                return self.ids[name].partition("loadbalancer/")[2]
            case _, "TargetGroupFullName":
                return "targetgroup/" + self.ids[name].partition(":targetgroup/")[2]
        raise AssertionError(f"the tests do not know {name}.{attribute}")


def make_stack(own_kinds: set[str]) -> Made:
    """Let moto make the stack with the least of parameters, but for resources of ``own_kinds``."""
    certificate = client("acm").request_certificate(DomainName=DOMAIN)["CertificateArn"]
    given = {"Image": "gas@sha256:0", "DomainName": DOMAIN, "CertificateArn": certificate}
    given |= {"AlarmEmail": "alarms@example.org", "ContactEmail": "gas@example.org"}
    whole = template()
    defaults = {name: str(row["Default"]) for name, row in whole["Parameters"].items() if "Default" in row}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    body = json.dumps(_reduced(whole, own_kinds))
    formation = client("cloudformation")
    formation.create_stack(StackName=STACK, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
    rows = formation.describe_stack_resources(StackName=STACK)["StackResources"]
    return Made(
        whole, {row["LogicalResourceId"]: row.get("PhysicalResourceId") or "" for row in rows}, defaults | given
    )


def _reduced(whole: dict[str, Any], own_kinds: set[str]) -> dict[str, Any]:
    """Leave out what is made by own calls, and what refers to it."""
    reduced: dict[str, Any] = json.loads(json.dumps(whole))
    left_out = {name for name, row in reduced["Resources"].items() if row["Type"] in own_kinds}
    reduced["Resources"] = {name: row for name, row in reduced["Resources"].items() if name not in left_out}
    del reduced["Outputs"]
    for row in reduced["Resources"].values():
        waits = row.pop("DependsOn", [])
        row["DependsOn"] = [name for name in ([waits] if isinstance(waits, str) else waits) if name not in left_out]
    text = json.dumps(reduced)
    for name in left_out:
        stands_for = whole["Resources"][name]["Properties"].get("ClusterName") or secret_arn(name)
        text = text.replace(f'{{"Ref": "{name}"}}', json.dumps(stands_for)).replace(f"${{{name}}}", stands_for)
    found: dict[str, Any] = json.loads(text)
    return found


def secret_arn(name: str) -> str:
    """Return how a secret's policies call it before it is there: without the six letters that are drawn."""
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{STACK}-{name}"
