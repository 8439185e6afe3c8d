"""Reads what stands in moto, by each service's own API, and writes it in the template's property names."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

from tests.fleet.readers_of_the_network import NETWORK
from tests.fleet.stack_in_moto import Made, Properties, client

Reader = Callable[[Made, str], Properties]


def document(text: Any) -> Any:
    """Return a policy. IAM's answers hold what moto was given, which was Python's way to write a dictionary."""
    if not isinstance(text, str):
        return text
    return json.loads(text) if text.startswith('{"') else ast.literal_eval(text)


def pairs(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return a load balancer's attributes; the template names some of them."""
    return [{"Key": row["Key"], "Value": row["Value"]} for row in rows]


def _key(made: Made, name: str) -> Properties:
    service, key = client("kms"), made.ids[name]
    policy = service.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    rotation = service.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    return {"EnableKeyRotation": rotation, "KeyPolicy": document(policy)}


def _secret(made: Made, name: str) -> Properties:
    service, secret = client("secretsmanager"), made.ids[name]
    row = service.describe_secret(SecretId=secret)
    text = service.get_secret_value(SecretId=secret)["SecretString"]
    drawn = {"PasswordLength": len(text), "ExcludePunctuation": text.isalnum()}
    return {"Description": row["Description"], "KmsKeyId": row["KmsKeyId"], "SecretString": text} | {
        "GenerateSecretString": drawn
    }


def _database_subnets(made: Made, name: str) -> Properties:
    [row] = client("rds").describe_db_subnet_groups(DBSubnetGroupName=made.ids[name])["DBSubnetGroups"]
    return {**row, "SubnetIds": [subnet["SubnetIdentifier"] for subnet in row["Subnets"]]}


def _database_parameters(made: Made, name: str) -> Properties:
    service, group = client("rds"), {"DBParameterGroupName": made.ids[name]}
    [row] = service.describe_db_parameter_groups(**group)["DBParameterGroups"]
    parameters = service.describe_db_parameters(**group)["Parameters"]
    values = {each["ParameterName"]: each["ParameterValue"] for each in parameters}
    return {"Description": row["Description"], "Family": row["DBParameterGroupFamily"], "Parameters": values}


def _database(made: Made, name: str) -> Properties:
    [row] = client("rds").describe_db_instances(DBInstanceIdentifier=made.ids[name])["DBInstances"]
    return {
        **row,
        "DBSubnetGroupName": row["DBSubnetGroup"]["DBSubnetGroupName"],
        "DBParameterGroupName": row["DBParameterGroups"][0]["DBParameterGroupName"],
        "VPCSecurityGroups": [group["VpcSecurityGroupId"] for group in row["VpcSecurityGroups"]],
        "EnableCloudwatchLogsExports": row["EnabledCloudwatchLogsExports"],
        "EnableIAMDatabaseAuthentication": row["IAMDatabaseAuthenticationEnabled"],
    }


def _bucket(made: Made, name: str) -> Properties:
    service, bucket, own = client("s3"), {"Bucket": made.ids[name]}, made.properties(name)
    encryption = service.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    rows = [
        {**rule, "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"]} for rule in encryption
    ]
    found: Properties = {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": rows},
        "PublicAccessBlockConfiguration": service.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"],
        "OwnershipControls": service.get_bucket_ownership_controls(**bucket)["OwnershipControls"],
        "LifecycleConfiguration": {"Rules": _lifecycle(service.get_bucket_lifecycle_configuration(**bucket)["Rules"])},
    }
    if "CorsConfiguration" in own:
        rules = service.get_bucket_cors(**bucket)["CORSRules"]
        found["CorsConfiguration"] = {"CorsRules": [{**rule, "MaxAge": rule["MaxAgeSeconds"]} for rule in rules]}
    if logs := service.get_bucket_logging(**bucket).get("LoggingEnabled"):
        found["LoggingConfiguration"] = {"DestinationBucketName": logs["TargetBucket"]} | {
            "LogFilePrefix": logs["TargetPrefix"]
        }
    told = service.get_bucket_notification_configuration(**bucket).get("TopicConfigurations", [])
    rows = [{"Topic": row["TopicArn"], "Event": row["Events"][0]} for row in told]
    return {**found, "NotificationConfiguration": {"TopicConfigurations": rows}}


def _lifecycle(rules: list[Properties]) -> list[Properties]:
    return [
        {
            **rule,
            "Id": rule["ID"],
            "Prefix": rule["Filter"]["Prefix"],
            "ExpirationInDays": rule.get("Expiration", {}).get("Days"),
        }
        for rule in rules
    ]


def _bucket_policy(made: Made, name: str) -> Properties:
    bucket = made.properties(name)["Bucket"]
    return {"Bucket": bucket, "PolicyDocument": document(client("s3").get_bucket_policy(Bucket=bucket)["Policy"])}


def _attributes(url: str) -> Properties:
    found: Properties = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


def _queue(made: Made, name: str) -> Properties:
    row = _attributes(made.ids[name])
    redrive = json.loads(row.get("RedrivePolicy", "{}"))
    return {**row, "QueueName": row["QueueArn"].rpartition(":")[2], "RedrivePolicy": redrive}


def _queue_policy(made: Made, name: str) -> Properties:
    queues = made.properties(name)["Queues"]
    return {"Queues": queues, "PolicyDocument": document(_attributes(queues[0])["Policy"])}


def _topic(made: Made, name: str) -> Properties:
    service, topic = client("sns"), made.ids[name]
    rows = service.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    row = service.get_topic_attributes(TopicArn=topic)["Attributes"]
    return {**row, "TopicName": topic.rpartition(":")[2], "Subscription": rows}


def _topic_policy(made: Made, name: str) -> Properties:
    topics = made.properties(name)["Topics"]
    row = client("sns").get_topic_attributes(TopicArn=topics[0])["Attributes"]
    return {"Topics": topics, "PolicyDocument": document(row["Policy"])}


def _subscription(made: Made, name: str) -> Properties:
    found: Properties = client("sns").get_subscription_attributes(SubscriptionArn=made.ids[name])["Attributes"]
    return found


def _balancer(made: Made, name: str) -> Properties:
    service, arn = client("elbv2"), made.ids[name]
    [row] = service.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    attributes = service.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    wanted = {each["Key"] for each in made.properties(name)["LoadBalancerAttributes"]}
    return {
        **row,
        "Subnets": [zone["SubnetId"] for zone in row["AvailabilityZones"]],
        "LoadBalancerAttributes": [each for each in pairs(attributes) if each["Key"] in wanted],
    }


def _targets(made: Made, name: str) -> Properties:
    service, arn = client("elbv2"), made.ids[name]
    [row] = service.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    attributes = pairs(service.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"])
    wanted = {each["Key"] for each in made.properties(name)["TargetGroupAttributes"]}
    return {**row, "TargetGroupAttributes": [each for each in attributes if each["Key"] in wanted]}


def _listener(made: Made, name: str) -> Properties:
    [row] = client("elbv2").describe_listeners(ListenerArns=[made.ids[name]])["Listeners"]
    found: Properties = row
    return found


def _role(made: Made, name: str) -> Properties:
    service, role = client("iam"), {"RoleName": made.ids[name]}
    names = service.list_role_policies(**role)["PolicyNames"]
    policies = [service.get_role_policy(**role, PolicyName=each) for each in names]
    attached = service.list_attached_role_policies(**role)["AttachedPolicies"]
    return {
        **service.get_role(**role)["Role"],
        "Policies": [{**row, "PolicyDocument": document(row["PolicyDocument"])} for row in policies],
        "ManagedPolicyArns": [each["PolicyArn"] for each in attached],
    }


def _cluster(made: Made, name: str) -> Properties:
    include = ["SETTINGS", "CONFIGURATIONS"]
    [row] = client("ecs").describe_clusters(clusters=[made.ids[name]], include=include)["clusters"]
    return {**row, "clusterSettings": row["settings"]}


def _log_group(made: Made, name: str) -> Properties:
    [row] = client("logs").describe_log_groups(logGroupNamePrefix=made.ids[name])["logGroups"]
    found: Properties = row
    return found


def _task_definition(made: Made, name: str) -> Properties:
    found: Properties = client("ecs").describe_task_definition(taskDefinition=made.ids[name])["taskDefinition"]
    return found


def _service(made: Made, name: str) -> Properties:
    wanted = made.properties(name)
    [row] = client("ecs").describe_services(cluster=wanted["Cluster"], services=[wanted["ServiceName"]])["services"]
    return {**row, "cluster": row["clusterArn"].rpartition("/")[2]}


def _scalable_target(made: Made, name: str) -> Properties:
    wanted = made.properties(name)
    service = client("application-autoscaling")
    [row] = service.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[wanted["ResourceId"]])[
        "ScalableTargets"
    ]
    found: Properties = row
    return found


def _scaling_policy(made: Made, name: str) -> Properties:
    wanted = made.properties(name)
    rows = client("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    [row] = [row for row in rows if row["PolicyARN"] == made.ids[name]]
    target = made.properties(wanted["ScalingTargetId"])["ResourceId"]
    return {**row, "ScalingTargetId": wanted["ScalingTargetId"] if row["ResourceId"] == target else row["ResourceId"]}


def _alarm(made: Made, name: str) -> Properties:
    [row] = client("cloudwatch").describe_alarms(AlarmNames=[made.ids[name]])["MetricAlarms"]
    found: Properties = row
    return found


READERS: dict[str, Reader] = {
    **NETWORK,
    "AWS::KMS::Key": _key,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::RDS::DBSubnetGroup": _database_subnets,
    "AWS::RDS::DBParameterGroup": _database_parameters,
    "AWS::RDS::DBInstance": _database,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SNS::Subscription": _subscription,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _targets,
    "AWS::ElasticLoadBalancingV2::Listener": _listener,
    "AWS::IAM::Role": _role,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::ECS::Cluster": _cluster,
    "AWS::ECS::TaskDefinition": _task_definition,
    "AWS::ECS::Service": _service,
    "AWS::ApplicationAutoScaling::ScalableTarget": _scalable_target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
    "AWS::CloudWatch::Alarm": _alarm,
}
