"""The template's stack, made in moto over HTTP: every resource and every property is read back by its service's API."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.cloudformation.parsing import get_model_map

from deploy.render import template
from gas_site import setting_urls
from gas_site.management.commands.prepare_bucket import cors, lifecycle
from gas_site.queues import make_queues
from gas_site.sqs import SqsBroker
from gas_site.sqs_address import parse_address
from tests.cloud.queues import ROOT
from tests.fleet.comparing import differences
from tests.fleet.own_calls import OWN_KINDS, SKIPPED, finish, make_one
from tests.fleet.readers import READERS
from tests.fleet.stack_in_moto import ACCOUNT, DOMAIN, REGION, Made, client, make_stack

# What moto 5.2.5 was given and does not tell, or does not keep. A property that it learns to keep fails here, too.
# The linters and botocore, which holds each call against the service's description, have seen these.
NOT_KEPT = {
    "AWS::EC2::Subnet.AvailabilityZone": "it takes the zones of us-east-1, whatever the region",
    "AWS::KMS::Key.Description": "its DescribeKey breaks on a key made by CloudFormation",
    "AWS::RDS::DBInstance.MasterUserPassword": "RDS tells nobody",
    "AWS::RDS::DBInstance.EnablePerformanceInsights": "not kept",
    "AWS::RDS::DBInstance.PerformanceInsightsKMSKeyId": "not kept",
    "AWS::S3::Bucket.LoggingConfiguration.DestinationBucketName": "its check of the target's policy breaks on a list",
    "AWS::S3::Bucket.LoggingConfiguration.LogFilePrefix": "its check of the target's policy breaks on a list",
    "AWS::IAM::Role.ManagedPolicyArns": "it has Amazon's own policies only when told to load all of them",
    "AWS::Logs::LogGroup.KmsKeyId": "its AssociateKmsKey is missing",
    "AWS::ECS::Service.CapacityProviderStrategy.CapacityProvider": "not kept",
    "AWS::ECS::Service.CapacityProviderStrategy.Base": "not kept",
    "AWS::ECS::Service.CapacityProviderStrategy.Weight": "not kept",
    "AWS::ECS::Service.DeploymentConfiguration.DeploymentCircuitBreaker.Enable": "not kept",
    "AWS::ECS::Service.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback": "not kept",
    "AWS::ECS::Service.DeploymentConfiguration.MaximumPercent": "not kept",
    "AWS::ECS::Service.DeploymentConfiguration.MinimumHealthyPercent": "not kept",
    "AWS::ECS::Service.EnableECSManagedTags": "not kept",
    "AWS::ECS::Service.HealthCheckGracePeriodSeconds": "not kept",
}
KINDS = sorted({str(row["Type"]) for row in template()["Resources"].values()})
# The policies of deploy/iam, and what stands for the words in capitals there.
WORDS = {"REGION": REGION, "ACCOUNT": ACCOUNT, "NAMESPACE": "gas", "PREFIX": "gas", "QUEUE": "gas-retrievals"}


@pytest.fixture(scope="module")
def made(moto: str) -> Iterator[Made]:
    """Give the stack to all tests here; none of them changes what another reads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", moto)
        urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST")).close()  # noqa: S310
        made = make_stack(OWN_KINDS)
        finish(made)
        yield made


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_stands_there_or_is_known_not_to_be_kept(made: Made, kind: str) -> None:
    missing = {
        path
        for name in made.of_type(kind)
        for path in differences(made.properties(name), READERS[kind](made, name), kind)
    }
    assert missing == {path for path in NOT_KEPT if path.startswith(f"{kind}.")}


def test_a_reader_is_there_for_every_kind_and_for_no_other() -> None:
    assert sorted(READERS) == KINDS


def test_what_moto_skips_in_silence_is_exactly_what_is_made_by_own_calls() -> None:
    assert {kind for kind in KINDS if kind not in get_model_map()} == set(SKIPPED) & set(KINDS) == set(SKIPPED)


def test_a_property_that_is_not_there_is_noticed() -> None:
    wanted = {"Size": 5, "Rules": [{"Port": 1}, {"Port": 2}], "On": True}
    assert list(differences(wanted, {"size": "5", "Rules": [{"Port": 2}, {"Port": 1}], "On": "true"}, "X")) == []
    assert list(differences(wanted, {"Size": 6, "Rules": [{"Port": 2}], "On": None}, "X")) == [
        "X.Size",
        "X.Rules.Port",
        "X.On",
    ]
    assert list(differences({"Open": []}, {"Open": ["everybody"]}, "X")) == ["X.Open.(more than wanted)"]


def test_a_fleet_that_may_sleep_starts_from_none_and_is_woken_by_a_step(made: Made) -> None:
    sleeping = Made(made.template, dict(made.ids), {**made.parameters, "AnnotatorsLeast": "0"})
    make_one(sleeping, "AnnotateScaling", SKIPPED["AWS::ApplicationAutoScaling::ScalableTarget"])
    try:
        assert sleeping.properties("Annotate")["DesiredCount"] == "0"
        target = READERS["AWS::ApplicationAutoScaling::ScalableTarget"](sleeping, "AnnotateScaling")
        assert target["MinCapacity"] == 0
        for kind in ("AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::CloudWatch::Alarm"):
            [name] = made.of_type(kind, "Sleeps")
            make_one(sleeping, name, SKIPPED[kind])
            assert list(differences(sleeping.properties(name), READERS[kind](sleeping, name), kind)) == []
        alarm = READERS["AWS::CloudWatch::Alarm"](sleeping, "WakeAlarm")
        assert alarm["AlarmActions"] == [sleeping.ids["AnnotateWake"]]
    finally:
        make_one(made, "AnnotateScaling", SKIPPED["AWS::ApplicationAutoScaling::ScalableTarget"])


def test_nothing_but_waking_depends_on_the_condition(made: Made) -> None:
    conditional = {name for name, row in made.template["Resources"].items() if "Condition" in row}
    assert conditional == {"AnnotateWake", "WakeAlarm"}
    assert [made.holds(condition) for condition in ("Serves", "Sleeps")] == [True, False]


def test_references_can_be_pushed_to_where_every_task_pulls_them_from(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = made.resolved(made.template["Outputs"]["StorageUrl"]["Value"])
    tasks = [made.properties(name) for name in made.of_type("AWS::ECS::TaskDefinition")]
    containers = [container for task in tasks for container in task["ContainerDefinitions"]]
    told = [row["Value"] for each in containers for row in each["Environment"] if row["Name"] == "STORAGE_URL"]
    assert told == [address] * 5
    monkeypatch.setenv("STORAGE_URL", address)
    options = setting_urls.storage(tmp_path)["OPTIONS"]
    assert (options["bucket"], options["kms"]) == (made.ids["Files"], made.ids["Key"])


def test_the_first_time_everything_is_made_and_no_task_runs(made: Made) -> None:
    """Tasks wait for the tables: their service never gets steady, the stack fails, and no output tells the command."""
    first = Made(made.template, made.ids, {**made.parameters, "Serving": "no"})
    services = first.of_type("AWS::ECS::Service")
    targets = first.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (len(services), len(targets)) == (3, 2)
    assert {first.properties(name)["DesiredCount"] for name in services} == {0}
    assert {first.properties(name)["MinCapacity"] for name in targets} == {0}


def test_whoever_writes_logs_is_made_after_the_policy_that_lets_it(made: Made) -> None:
    logging = [name for name in made.of_type("AWS::S3::Bucket") if "LoggingConfiguration" in made.properties(name)]
    for name in [*logging, "Balancer"]:
        assert "LogsPolicy" in made.template["Resources"][name]["DependsOn"]
    attributes = {row["Key"]: row["Value"] for row in made.properties("Balancer")["LoadBalancerAttributes"]}
    rows = made.properties("LogsPolicy")["PolicyDocument"]["Statement"]
    [allowed] = [row["Resource"] for row in rows if "elasticloadbalancing" in str(row["Principal"])]
    place = f"{attributes['access_logs.s3.prefix']}/AWSLogs/{ACCOUNT}/*"
    assert allowed == f"{made.attribute('Logs', 'Arn')}/{place}"


def statements(document: dict[str, Any]) -> set[tuple[frozenset[str], str]]:
    """Return what a policy allows: actions and resource."""
    rows = document["Statement"]
    lists = [[row["Action"]] if isinstance(row["Action"], str) else row["Action"] for row in rows]
    return {(frozenset(actions), row["Resource"]) for actions, row in zip(lists, rows, strict=True)}


def policy_file(made: Made, name: str) -> set[tuple[frozenset[str], str]]:
    """Return what a policy of deploy/iam allows, with this stack's names in the place of the words in capitals."""
    text = (ROOT / "deploy" / "iam" / f"{name}.json").read_text()
    for word, value in {**WORDS, "FILES": made.ids["Files"], "COLD": made.ids["Vault"]}.items():
        text = text.replace(word, value)
    return statements(json.loads(text))


def test_a_task_may_do_what_the_policies_say_and_nothing_else(made: Made) -> None:
    rows = READERS["AWS::IAM::Role"](made, "Task")["Policies"]
    policies = {row["PolicyName"]: statements(row["PolicyDocument"]) for row in rows}
    for name in ("queue-user", "files-user", "vault-s3"):
        assert policies.pop(name) == policy_file(made, name)
    # Confirming is for a site that SNS calls over HTTPS; the template's topic has a queue.
    confirming = {row for row in policy_file(made, "retrievals") if "sns:ConfirmSubscription" in row[0]}
    assert policies.pop("retrievals") == policy_file(made, "retrievals") - confirming
    # /metrics counts as an operator does, and moves no dead letter.
    ages = {row for row in policy_file(made, "queue-operator") if "cloudwatch:GetMetricStatistics" in row[0]}
    assert policies.pop("queue-ages") == ages
    key = made.attribute("Key", "Arn")
    assert policies.pop("key") == {(frozenset({"kms:Decrypt", "kms:GenerateDataKey"}), key)}
    tasks = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/gas/*"
    protection = frozenset({"ecs:GetTaskProtection", "ecs:UpdateTaskProtection"})
    assert policies == {"own-protection": {(protection, tasks)}}


def test_prepare_finds_the_queues_as_it_wants_them(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task may not make or change a queue, so `manage.py prepare` must have nothing to do."""
    calls: list[str] = []
    session = boto3.session.Session()
    session.events.register("before-call.sqs", lambda model, **_: calls.append(model.name))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    broker = SqsBroker(parse_address(f"sqs://{REGION}/gas"), [])
    for queue in ("annotate", "storage", "default"):
        broker.declare_queue(queue)
    make_queues(broker)
    assert set(calls) == {"GetQueueUrl", "GetQueueAttributes"}


def test_the_bucket_has_the_rules_that_prepare_bucket_would_set(made: Made) -> None:
    bucket = {"Bucket": made.ids["Files"]}
    assert client("s3").get_bucket_cors(**bucket)["CORSRules"] == cors(f"https://{DOMAIN}")["CORSRules"]
    assert client("s3").get_bucket_lifecycle_configuration(**bucket)["Rules"] == lifecycle("gas/")["Rules"]
