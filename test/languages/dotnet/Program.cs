using System.Collections.Generic;
using Amazon.CDK;
using Amazon.CDK.AWS.EC2;
using Amazon.CDK.AWS.ECS;
using Amazon.CDK.AWS.SQS;
using CdkEcsRunTask;
using Constructs;

var app = new App();
var stack = new Stack(app, "Shop");
var orders = new Queue(stack, "Orders");
var cluster = new Cluster(stack, "Cluster", new ClusterProps
{
    Vpc = new Vpc(stack, "Vpc", new VpcProps { MaxAzs = 2 }),
});

var taskDefinition = new FargateTaskDefinition(stack, "Definition");
taskDefinition.AddContainer("app", new ContainerDefinitionOptions
{
    Image = ContainerImage.FromRegistry("shop"),
    Logging = LogDrivers.AwsLogs(new AwsLogDriverProps { StreamPrefix = "shop" }),
});
var service = new FargateService(stack, "Service", new FargateServiceProps
{
    Cluster = cluster,
    TaskDefinition = taskDefinition,
});

var migration = new RunTask(stack, "Migration", new RunTaskProps
{
    Cluster = cluster,
    TaskDefinition = taskDefinition,
    ContainerOverrides = new[]
    {
        new CdkEcsRunTask.ContainerOverride
        {
            ContainerName = "app",
            Command = new[] { "migrate", "--to", "latest" },
            Environment = new Dictionary<string, string> { ["STAGE"] = "prod", ["LOG_LEVEL"] = "debug", ["DRY_RUN"] = "no" },
            Cpu = 128,
            MemoryReservationMiB = 256,
        },
    },
    TaskOverrides = new TaskOverrides { Cpu = 512, MemoryLimitMiB = 1024, EphemeralStorageGiB = 30 },
    Count = 2,
    PlatformVersion = FargatePlatformVersion.VERSION1_4,
    VpcSubnets = new SubnetSelection { SubnetType = SubnetType.PUBLIC },
    AssignPublicIp = true,
    ReferenceId = "release-7",
    Tags = new Dictionary<string, string> { ["team"] = "shop", ["purpose"] = "migration", ["costs"] = "42" },
    PropagateTags = PropagatedTagSource.TASK_DEFINITION,
    EnableEcsManagedTags = true,
    EnableExecuteCommand = true,
    RunOn = RunOn.CHANGE,
    OnRollback = OnRollback.RUN,
    Triggers = new Dictionary<string, string> { ["schema"] = "7", ["migrations"] = "3f2a91" },
    Timeout = Duration.Minutes(20),
    ExitCodeFrom = new[] { "app" },
    SuccessExitCodes = new double[] { 0, 3 },
    RetryAttempts = 2,
    CompleteWhen = CompleteWhen.TASK_STOPPED,
    LogTailLines = 50,
    OnDelete = new RunOnDelete
    {
        ContainerOverrides = new[] { new CdkEcsRunTask.ContainerOverride { ContainerName = "app", Command = new[] { "drop" } } },
        Timeout = Duration.Minutes(5),
    },
    ExecuteAfter = new Construct[] { orders },
    ExecuteBefore = new Construct[] { service },
});
orders.GrantSendMessages(migration);
migration.Connections.AllowFrom(service, Port.Tcp(9000));

var trainingDefinition = new Ec2TaskDefinition(stack, "TrainingDefinition", new Ec2TaskDefinitionProps
{
    NetworkMode = NetworkMode.AWS_VPC,
});
var trainer = trainingDefinition.AddContainer("trainer", new ContainerDefinitionOptions
{
    Image = ContainerImage.FromRegistry("trainer"),
    MemoryLimitMiB = 2048,
});
var data = new TaskManagedVolume(stack, "Data", new TaskManagedVolumeProps
{
    Name = "data",
    ManagedEBSVolume = new ServiceManagedEBSVolumeConfiguration { Size = Size.Gibibytes(20), VolumeType = EbsDeviceVolumeType.GP3 },
    DeleteOnTermination = true,
});
trainingDefinition.AddVolume(new Amazon.CDK.AWS.ECS.Volume { Name = data.Name, ConfiguredAtLaunch = data.ConfiguredAtLaunch });
data.MountIn(trainer, new ContainerMountPoint { ContainerPath = "/data", ReadOnly = false });

var training = new RunTask(stack, "Training", new RunTaskProps
{
    Cluster = cluster,
    TaskDefinition = trainingDefinition,
    ContainerOverrides = new[]
    {
        new CdkEcsRunTask.ContainerOverride
        {
            ContainerName = "trainer",
            ResourceRequirements = new[]
            {
                new ResourceRequirement
                {
                    Type = ResourceType.GPU,
                    SharingStrategy = new SharingStrategy { NvidiaMps = new NvidiaMps { MemoryMiB = 4096, MaxComputePercent = 50 } },
                },
            },
        },
    },
    PlacementConstraints = new[] { PlacementConstraint.MemberOf("attribute:ecs.instance-type =~ g5.*") },
    PlacementStrategies = new[] { PlacementStrategy.PackedByMemory() },
    RunOn = RunOn.CREATE,
    Volumes = new ServiceManagedVolume[] { data },
});
training.ExecuteAfter(migration);

app.Synth();
