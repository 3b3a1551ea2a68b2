# What: an app in Python: a service and the migration of its database, both from one image.
# Why: the image contains the code and its migrations. The service rolls out only after the migration has succeeded. If the
#   migration fails, the service does not change, and `cdk deploy` shows the end of the log.
# Cost: the service about 13 USD a month with its public address, the secret 0.40 USD, and the database 0.12 USD for each
#   hour and capacity unit while it is active (at least half a unit), and only its storage while it is paused.
#   No NAT gateway.
# Run: in this folder, into your account (the database takes about 10 minutes):
#   python3 -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt
#   npx cdk deploy
from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from cdk_ecs_run_task import ContainerOverride, RunTask
from constructs import Construct


class ShopStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=0)  # which makes public and isolated subnets
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        database = rds.DatabaseCluster(
            self,
            "Database",
            engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_7),
            writer=rds.ClusterInstance.serverless_v2("Writer"),
            serverless_v2_min_capacity=0,  # it sleeps after five minutes without a connection
            default_database_name="shop",
            storage_encrypted=True,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            removal_policy=RemovalPolicy.DESTROY,  # for the example only: the default takes a last snapshot
        )

        assert database.secret  # which it has by default, with a generated password
        # The environment variables of libpq, which psycopg uses.
        fields = {"PGHOST": "host", "PGPORT": "port", "PGDATABASE": "dbname", "PGUSER": "username", "PGPASSWORD": "password"}
        task_definition = ecs.FargateTaskDefinition(self, "Definition")
        task_definition.add_container(
            "web",
            # The default platform of Fargate, even if an ARM machine builds the image.
            image=ecs.ContainerImage.from_asset("image", platform=ecr_assets.Platform.LINUX_AMD64),
            logging=ecs.LogDrivers.aws_logs(stream_prefix="shop", log_retention=logs.RetentionDays.ONE_MONTH),
            secrets={name: ecs.Secret.from_secrets_manager(database.secret, field) for name, field in fields.items()},
        )
        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task_definition,
            desired_count=1,
            min_healthy_percent=100,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            assign_public_ip=True,
        )

        migration = RunTask(
            self,
            "Migration",
            cluster=cluster,
            task_definition=task_definition,
            container_overrides=[ContainerOverride(container_name="web", command=["python", "migrate.py"])],
            assign_public_ip=True,
            timeout=Duration.minutes(10),
            execute_after=[database],
            execute_before=[service],
        )
        database.connections.allow_default_port_from(migration)
        database.connections.allow_default_port_from(service)


app = App()
ShopStack(app, "PythonApp")
app.synth()
