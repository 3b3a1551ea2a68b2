from aws_cdk import App, Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_sqs as sqs
from cdk_ecs_run_task import (
    CompleteWhen,
    ContainerOverride,
    NvidiaMps,
    OnRollback,
    ResourceRequirement,
    ResourceType,
    RunOn,
    RunOnDelete,
    RunTask,
    SharingStrategy,
    TaskManagedVolume,
    TaskOverrides,
)

app = App()
stack = Stack(app, "Shop")
orders = sqs.Queue(stack, "Orders")
cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc", max_azs=2))

task_definition = ecs.FargateTaskDefinition(stack, "Definition")
task_definition.add_container(
    "app",
    image=ecs.ContainerImage.from_registry("shop"),
    logging=ecs.LogDrivers.aws_logs(stream_prefix="shop"),
)
service = ecs.FargateService(stack, "Service", cluster=cluster, task_definition=task_definition)

migration = RunTask(
    stack,
    "Migration",
    cluster=cluster,
    task_definition=task_definition,
    container_overrides=[
        ContainerOverride(
            container_name="app",
            command=["migrate", "--to", "latest"],
            environment={"STAGE": "prod", "LOG_LEVEL": "debug", "DRY_RUN": "no"},
            cpu=128,
            memory_reservation_mib=256,
        )
    ],
    task_overrides=TaskOverrides(cpu=512, memory_limit_mib=1024, ephemeral_storage_gib=30),
    count=2,
    platform_version=ecs.FargatePlatformVersion.VERSION1_4,
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
    assign_public_ip=True,
    reference_id="release-7",
    tags={"team": "shop", "purpose": "migration", "costs": "42"},
    propagate_tags=ecs.PropagatedTagSource.TASK_DEFINITION,
    enable_ecs_managed_tags=True,
    enable_execute_command=True,
    run_on=RunOn.CHANGE,
    on_rollback=OnRollback.RUN,
    triggers={"schema": "7", "migrations": "3f2a91"},
    timeout=Duration.minutes(20),
    exit_code_from=["app"],
    success_exit_codes=[0, 3],
    retry_attempts=2,
    complete_when=CompleteWhen.TASK_STOPPED,
    log_tail_lines=50,
    on_delete=RunOnDelete(
        container_overrides=[ContainerOverride(container_name="app", command=["drop"])],
        timeout=Duration.minutes(5),
    ),
    execute_after=[orders],
    execute_before=[service],
)
orders.grant_send_messages(migration)
migration.connections.allow_from(service, ec2.Port.tcp(9000))

training_definition = ecs.Ec2TaskDefinition(stack, "TrainingDefinition", network_mode=ecs.NetworkMode.AWS_VPC)
trainer = training_definition.add_container(
    "trainer",
    image=ecs.ContainerImage.from_registry("trainer"),
    memory_limit_mib=2048,
)
data = TaskManagedVolume(
    stack,
    "Data",
    name="data",
    managed_ebs_volume=ecs.ServiceManagedEBSVolumeConfiguration(
        size=Size.gibibytes(20), volume_type=ec2.EbsDeviceVolumeType.GP3
    ),
    delete_on_termination=True,
)
training_definition.add_volume(name=data.name, configured_at_launch=data.configured_at_launch)
data.mount_in(trainer, container_path="/data", read_only=False)

training = RunTask(
    stack,
    "Training",
    cluster=cluster,
    task_definition=training_definition,
    container_overrides=[
        ContainerOverride(
            container_name="trainer",
            resource_requirements=[
                ResourceRequirement(
                    type=ResourceType.GPU,
                    sharing_strategy=SharingStrategy(nvidia_mps=NvidiaMps(memory_mib=4096, max_compute_percent=50)),
                )
            ],
        )
    ],
    placement_constraints=[ecs.PlacementConstraint.member_of("attribute:ecs.instance-type =~ g5.*")],
    placement_strategies=[ecs.PlacementStrategy.packed_by_memory()],
    run_on=RunOn.CREATE,
    volumes=[data],
)
# What an import returns is not a construct of its own class in jsii, but an interface.
imported = ec2.Vpc.from_vpc_attributes(stack, "Imported", vpc_id="vpc-00000001", availability_zones=["a"])
training.execute_after(migration, imported)

app.synth()
