"""The services' own calls for what moto's CloudFormation skips, drops or cuts short.

botocore holds every property against the service's own description; the readers then read what stands there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.fleet.stack_in_moto import STACK, Made, Properties, client

Make = Callable[[Made, str, Properties], str | None]


def lowered(value: Any) -> Any:
    """Write a property as ECS takes it: names begin with a small letter, numbers are numbers."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: lowered(each) for key, each in value.items()}
    return [lowered(each) for each in value] if isinstance(value, list) else value


def numbered(value: Properties, *names: str) -> Properties:
    """Turn the text of parameters into numbers."""
    return {key: int(each) if key in names else each for key, each in value.items()}


# Kinds that moto skips and reports as made ----------------------------------------------------------------------------


def _bucket_policy(made: Made, name: str, properties: Properties) -> None:
    client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=json.dumps(properties["PolicyDocument"]))


def _queue_policy(made: Made, name: str, properties: Properties) -> None:
    for url in properties["Queues"]:
        policy = {"Policy": json.dumps(properties["PolicyDocument"])}
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes=policy)


def _topic_policy(made: Made, name: str, properties: Properties) -> None:
    for topic in properties["Topics"]:
        policy = json.dumps(properties["PolicyDocument"])
        client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def _subscription(made: Made, name: str, properties: Properties) -> str:
    attributes = {"RawMessageDelivery": str(properties["RawMessageDelivery"]).lower()}
    wanted = {key: properties[key] for key in ("TopicArn", "Protocol", "Endpoint")}
    return str(client("sns").subscribe(**wanted, Attributes=attributes)["SubscriptionArn"])


def _secret(made: Made, name: str, properties: Properties) -> str:
    service, rules = client("secretsmanager"), properties.get("GenerateSecretString")
    text = service.get_random_password(**rules)["RandomPassword"] if rules else properties["SecretString"]
    wanted = {key: properties[key] for key in ("Description", "KmsKeyId")}
    return str(service.create_secret(Name=f"{STACK}-{name}", SecretString=text, **wanted)["ARN"])


def _scalable_target(made: Made, name: str, properties: Properties) -> str:
    wanted = numbered(properties, "MinCapacity", "MaxCapacity")
    client("application-autoscaling").register_scalable_target(**wanted)
    return name  # its policies look it up by this


def _scaling_policy(made: Made, name: str, properties: Properties) -> str:
    target = made.properties(properties.pop("ScalingTargetId"))
    where = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    if tracking := properties.get("TargetTrackingScalingPolicyConfiguration"):
        tracking["TargetValue"] = float(tracking["TargetValue"])
    return str(client("application-autoscaling").put_scaling_policy(**where, **properties)["PolicyARN"])


def _alarm(made: Made, name: str, properties: Properties) -> str:
    client("cloudwatch").put_metric_alarm(**properties)
    return str(properties["AlarmName"])


# In the order in which they can be made.
SKIPPED: dict[str, Make] = {
    "AWS::SecretsManager::Secret": _secret,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SNS::Subscription": _subscription,
    "AWS::ApplicationAutoScaling::ScalableTarget": _scalable_target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
    "AWS::CloudWatch::Alarm": _alarm,
}

# Kinds that moto makes of half their properties -----------------------------------------------------------------------


def _database(made: Made, name: str, properties: Properties) -> str:
    wanted = numbered(properties, "AllocatedStorage")
    wanted["VpcSecurityGroupIds"] = wanted.pop("VPCSecurityGroups")
    client("rds").create_db_instance(DBInstanceIdentifier=f"{STACK}-database", **wanted)
    return f"{STACK}-database"


def _cluster(made: Made, name: str, properties: Properties) -> str:
    properties["Settings"] = properties.pop("ClusterSettings")
    return str(client("ecs").create_cluster(**lowered(properties))["cluster"]["clusterName"])


def _task_definition(made: Made, name: str, properties: Properties) -> str:
    wanted = lowered(properties)
    wanted["ephemeralStorage"] = {"sizeInGiB": properties["EphemeralStorage"]["SizeInGiB"]}
    return str(client("ecs").register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"])


def _service(made: Made, name: str, properties: Properties) -> str:
    wanted = lowered(numbered(properties, "DesiredCount"))
    wanted["capacityProviderStrategy"] = [numbered(row, "weight") for row in wanted["capacityProviderStrategy"]]
    return str(client("ecs").create_service(**wanted)["service"]["serviceArn"])


CUT_SHORT: dict[str, Make] = {
    "AWS::RDS::DBInstance": _database,
    "AWS::ECS::Cluster": _cluster,
    "AWS::ECS::TaskDefinition": _task_definition,
    "AWS::ECS::Service": _service,
}

# Kinds that others refer to, of which moto drops a few properties -----------------------------------------------------


def _vpc(made: Made, name: str, properties: Properties) -> None:
    for attribute in ("EnableDnsHostnames", "EnableDnsSupport"):
        wanted = {attribute: {"Value": properties[attribute]}}
        client("ec2").modify_vpc_attribute(VpcId=made.ids[name], **wanted)


def _route_association(made: Made, name: str, properties: Properties) -> str:
    return str(client("ec2").associate_route_table(**properties)["AssociationId"])


def _group(made: Made, name: str, properties: Properties) -> None:
    service, group = client("ec2"), made.ids[name]
    [row] = service.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    service.revoke_security_group_egress(GroupId=group, IpPermissions=row["IpPermissionsEgress"])
    for way, rules in (("egress", "SecurityGroupEgress"), ("ingress", "SecurityGroupIngress")):
        # moto forgets the descriptions of rules, so they are made again with them.
        if way == "ingress" and row["IpPermissions"]:
            service.revoke_security_group_ingress(GroupId=group, IpPermissions=row["IpPermissions"])
        for rule in properties.get(rules, []):
            permission = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort")}
            if "CidrIp" in rule:
                permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], "Description": rule["Description"]}]
            else:
                pair = {"GroupId": rule["SourceSecurityGroupId"], "Description": rule["Description"]}
                permission["UserIdGroupPairs"] = [pair]
            getattr(service, f"authorize_security_group_{way}")(GroupId=group, IpPermissions=[permission])


def _bucket(made: Made, name: str, properties: Properties) -> None:
    service, bucket = client("s3"), made.ids[name]
    service.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"]
    )
    service.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=properties["OwnershipControls"])
    rules = [_lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
    service.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    encryption = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    rules = [{_ENCRYPTION.get(key, key): each for key, each in rule.items()} for rule in encryption]
    service.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    if cors := properties.get("CorsConfiguration"):
        rules = [{_CORS.get(key, key): each for key, each in rule.items()} for rule in cors["CorsRules"]]
        service.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    if told := properties.get("NotificationConfiguration"):
        rows = [{"TopicArn": row["Topic"], "Events": [row["Event"]]} for row in told["TopicConfigurations"]]
        service.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"TopicConfigurations": rows}
        )


_ENCRYPTION = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
_CORS = {"MaxAge": "MaxAgeSeconds"}


def _lifecycle_rule(rule: Properties) -> Properties:
    """Write a rule as S3's own call has it."""
    rest: Properties = {key: each for key, each in rule.items() if key in {"Status", "AbortIncompleteMultipartUpload"}}
    if days := rule.get("ExpirationInDays"):
        rest["Expiration"] = {"Days": days}
    return {"ID": rule["Id"], "Filter": {"Prefix": rule.get("Prefix", "")}, **rest}


def _balancer(made: Made, name: str, properties: Properties) -> None:
    client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=made.ids[name], Attributes=properties["LoadBalancerAttributes"]
    )


def _targets(made: Made, name: str, properties: Properties) -> None:
    client("elbv2").modify_target_group_attributes(
        TargetGroupArn=made.ids[name], Attributes=properties["TargetGroupAttributes"]
    )


def _role(made: Made, name: str, properties: Properties) -> None:
    for policy in properties["Policies"]:
        document = json.dumps(policy["PolicyDocument"])
        client("iam").put_role_policy(RoleName=made.ids[name], PolicyName=policy["PolicyName"], PolicyDocument=document)


COMPLETED: dict[str, Make] = {
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::SubnetRouteTableAssociation": _route_association,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::S3::Bucket": _bucket,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _targets,
    "AWS::IAM::Role": _role,
}


def finish(made: Made) -> None:
    """Make what the stack lacks, in an order in which it can be made."""
    # moto makes these and forgets to say what they are called.
    [subnets] = client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
    [parameters] = client("rds").describe_db_parameter_groups()["DBParameterGroups"]
    made.ids["DatabaseSubnets"] = subnets["DBSubnetGroupName"]
    made.ids["DatabaseParameters"] = parameters["DBParameterGroupName"]
    first = {"AWS::SecretsManager::Secret": _secret, "AWS::ECS::Cluster": _cluster}  # roles name them
    for kind, make in {**first, **COMPLETED, **CUT_SHORT, **SKIPPED}.items():
        for name in made.of_type(kind):
            make_one(made, name, make)


def make_one(made: Made, name: str, make: Make) -> None:
    """Make a resource and remember how it is referred to."""
    made.ids[name] = make(made, name, made.properties(name)) or made.ids.get(name, "")


OWN_KINDS = {*SKIPPED, *CUT_SHORT}
