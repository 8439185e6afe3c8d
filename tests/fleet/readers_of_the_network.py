"""Reads the network that stands in moto, in the template's property names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fleet.stack_in_moto import Made, Properties, client


def _described(call: str, argument: str, answer: str) -> Callable[[Made, str], Properties]:
    """Return a reader of what one call describes, whose answer has the template's names."""

    def read(made: Made, name: str) -> Properties:
        [row] = getattr(client("ec2"), call)(**{argument: [made.ids[name]]})[answer]
        found: Properties = row
        return found

    return read


_table = _described("describe_route_tables", "RouteTableIds", "RouteTables")
_gateway = _described("describe_internet_gateways", "InternetGatewayIds", "InternetGateways")
_nat = _described("describe_nat_gateways", "NatGatewayIds", "NatGateways")
_group = _described("describe_security_groups", "GroupIds", "SecurityGroups")


def _vpc(made: Made, name: str) -> Properties:
    service, vpc = client("ec2"), made.ids[name]
    [row] = service.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    names = {"EnableDnsHostnames": "enableDnsHostnames", "EnableDnsSupport": "enableDnsSupport"}
    answers = {ours: service.describe_vpc_attribute(VpcId=vpc, Attribute=each) for ours, each in names.items()}
    return {"CidrBlock": row["CidrBlock"], **{ours: answer[ours]["Value"] for ours, answer in answers.items()}}


def _attachment(made: Made, name: str) -> Properties:
    row = _gateway(made, "Gateway")
    return {"InternetGatewayId": row["InternetGatewayId"], "VpcId": row["Attachments"][0]["VpcId"]}


def _route(made: Made, name: str) -> Properties:
    wanted = made.properties(name)
    [row] = client("ec2").describe_route_tables(RouteTableIds=[wanted["RouteTableId"]])["RouteTables"]
    [route] = [each for each in row["Routes"] if each.get("DestinationCidrBlock") == wanted["DestinationCidrBlock"]]
    return {"RouteTableId": row["RouteTableId"], **route}


def _route_association(made: Made, name: str) -> Properties:
    wanted = made.properties(name)
    [row] = client("ec2").describe_route_tables(RouteTableIds=[wanted["RouteTableId"]])["RouteTables"]
    found = [each for each in row["Associations"] if each.get("SubnetId") == wanted["SubnetId"]]
    return found[0] if found else {}


def _nat_gateway(made: Made, name: str) -> Properties:
    row = _nat(made, name)
    return {"SubnetId": row["SubnetId"], "AllocationId": row["NatGatewayAddresses"][0]["AllocationId"]}


def _security_group(made: Made, name: str) -> Properties:
    row = _group(made, name)
    return {
        "VpcId": row["VpcId"],
        "GroupDescription": row["Description"],
        "SecurityGroupIngress": _rules(row["IpPermissions"]),
        "SecurityGroupEgress": _rules(row["IpPermissionsEgress"]),
    }


def _rules(permissions: list[dict[str, Any]]) -> list[Properties]:
    """Return one row a source, as the template writes rules."""
    rows = []
    for permission in permissions:
        own = {key: permission.get(key) for key in ("IpProtocol", "FromPort", "ToPort")}
        rows += [{**own, **source} for source in permission["IpRanges"]]
        for pair in permission["UserIdGroupPairs"]:
            rows.append({**own, "SourceSecurityGroupId": pair["GroupId"], "Description": pair.get("Description")})
    return rows


NETWORK: dict[str, Callable[[Made, str], Properties]] = {
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::InternetGateway": _gateway,
    "AWS::EC2::VPCGatewayAttachment": _attachment,
    "AWS::EC2::Subnet": _described("describe_subnets", "SubnetIds", "Subnets"),
    "AWS::EC2::RouteTable": _table,
    "AWS::EC2::Route": _route,
    "AWS::EC2::SubnetRouteTableAssociation": _route_association,
    "AWS::EC2::EIP": _described("describe_addresses", "PublicIps", "Addresses"),
    "AWS::EC2::NatGateway": _nat_gateway,
    "AWS::EC2::VPCEndpoint": _described("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
    "AWS::EC2::SecurityGroup": _security_group,
}
