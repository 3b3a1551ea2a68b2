package shop;

import io.github.cdkecsruntask.CompleteWhen;
import io.github.cdkecsruntask.ContainerOverride;
import io.github.cdkecsruntask.NvidiaMps;
import io.github.cdkecsruntask.OnRollback;
import io.github.cdkecsruntask.ResourceRequirement;
import io.github.cdkecsruntask.ResourceType;
import io.github.cdkecsruntask.RunOn;
import io.github.cdkecsruntask.RunOnDelete;
import io.github.cdkecsruntask.RunTask;
import io.github.cdkecsruntask.SharingStrategy;
import io.github.cdkecsruntask.TaskManagedVolume;
import io.github.cdkecsruntask.TaskOverrides;
import java.util.List;
import java.util.Map;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Size;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.ec2.EbsDeviceVolumeType;
import software.amazon.awscdk.services.ec2.IVpc;
import software.amazon.awscdk.services.ec2.Port;
import software.amazon.awscdk.services.ec2.SubnetSelection;
import software.amazon.awscdk.services.ec2.SubnetType;
import software.amazon.awscdk.services.ec2.Vpc;
import software.amazon.awscdk.services.ec2.VpcAttributes;
import software.amazon.awscdk.services.ecs.AwsLogDriverProps;
import software.amazon.awscdk.services.ecs.Cluster;
import software.amazon.awscdk.services.ecs.ContainerDefinition;
import software.amazon.awscdk.services.ecs.ContainerDefinitionOptions;
import software.amazon.awscdk.services.ecs.ContainerImage;
import software.amazon.awscdk.services.ecs.ContainerMountPoint;
import software.amazon.awscdk.services.ecs.Ec2TaskDefinition;
import software.amazon.awscdk.services.ecs.FargatePlatformVersion;
import software.amazon.awscdk.services.ecs.FargateService;
import software.amazon.awscdk.services.ecs.FargateTaskDefinition;
import software.amazon.awscdk.services.ecs.LogDrivers;
import software.amazon.awscdk.services.ecs.NetworkMode;
import software.amazon.awscdk.services.ecs.PlacementConstraint;
import software.amazon.awscdk.services.ecs.PlacementStrategy;
import software.amazon.awscdk.services.ecs.PropagatedTagSource;
import software.amazon.awscdk.services.ecs.ServiceManagedEBSVolumeConfiguration;
import software.amazon.awscdk.services.ecs.Volume;
import software.amazon.awscdk.services.sqs.Queue;

public final class ShopApp {
    public static void main(final String[] args) {
        App app = new App();
        Stack stack = new Stack(app, "Shop");
        Queue orders = new Queue(stack, "Orders");
        Cluster cluster = Cluster.Builder.create(stack, "Cluster")
            .vpc(Vpc.Builder.create(stack, "Vpc").maxAzs(2).build())
            .build();

        FargateTaskDefinition taskDefinition = new FargateTaskDefinition(stack, "Definition");
        taskDefinition.addContainer("app", ContainerDefinitionOptions.builder()
            .image(ContainerImage.fromRegistry("shop"))
            .logging(LogDrivers.awsLogs(AwsLogDriverProps.builder().streamPrefix("shop").build()))
            .build());
        FargateService service = FargateService.Builder.create(stack, "Service")
            .cluster(cluster)
            .taskDefinition(taskDefinition)
            .build();

        RunTask migration = RunTask.Builder.create(stack, "Migration")
            .cluster(cluster)
            .taskDefinition(taskDefinition)
            .containerOverrides(List.of(ContainerOverride.builder()
                .containerName("app")
                .command(List.of("migrate", "--to", "latest"))
                .environment(Map.of("STAGE", "prod", "LOG_LEVEL", "debug", "DRY_RUN", "no"))
                .cpu(128)
                .memoryReservationMiB(256)
                .build()))
            .taskOverrides(TaskOverrides.builder().cpu(512).memoryLimitMiB(1024).ephemeralStorageGiB(30).build())
            .count(2)
            .platformVersion(FargatePlatformVersion.VERSION1_4)
            .vpcSubnets(SubnetSelection.builder().subnetType(SubnetType.PUBLIC).build())
            .assignPublicIp(true)
            .referenceId("release-7")
            .tags(Map.of("team", "shop", "purpose", "migration", "costs", "42"))
            .propagateTags(PropagatedTagSource.TASK_DEFINITION)
            .enableEcsManagedTags(true)
            .enableExecuteCommand(true)
            .runOn(RunOn.CHANGE)
            .onRollback(OnRollback.RUN)
            .triggers(Map.of("schema", "7", "migrations", "3f2a91"))
            .timeout(Duration.minutes(20))
            .exitCodeFrom(List.of("app"))
            .successExitCodes(List.of(0, 3))
            .retryAttempts(2)
            .completeWhen(CompleteWhen.TASK_STOPPED)
            .logTailLines(50)
            .onDelete(RunOnDelete.builder()
                .containerOverrides(List.of(ContainerOverride.builder().containerName("app").command(List.of("drop")).build()))
                .timeout(Duration.minutes(5))
                .build())
            .executeAfter(List.of(orders))
            .executeBefore(List.of(service))
            .build();
        orders.grantSendMessages(migration);
        migration.getConnections().allowFrom(service, Port.tcp(9000));

        Ec2TaskDefinition trainingDefinition = Ec2TaskDefinition.Builder.create(stack, "TrainingDefinition")
            .networkMode(NetworkMode.AWS_VPC)
            .build();
        ContainerDefinition trainer = trainingDefinition.addContainer("trainer", ContainerDefinitionOptions.builder()
            .image(ContainerImage.fromRegistry("trainer"))
            .memoryLimitMiB(2048)
            .build());
        TaskManagedVolume data = TaskManagedVolume.Builder.create(stack, "Data")
            .name("data")
            .managedEbsVolume(ServiceManagedEBSVolumeConfiguration.builder()
                .size(Size.gibibytes(20))
                .volumeType(EbsDeviceVolumeType.GP3)
                .build())
            .deleteOnTermination(true)
            .build();
        trainingDefinition.addVolume(Volume.builder()
            .name(data.getName())
            .configuredAtLaunch(data.getConfiguredAtLaunch())
            .build());
        data.mountIn(trainer, ContainerMountPoint.builder().containerPath("/data").readOnly(false).build());

        RunTask training = RunTask.Builder.create(stack, "Training")
            .cluster(cluster)
            .taskDefinition(trainingDefinition)
            .containerOverrides(List.of(ContainerOverride.builder()
                .containerName("trainer")
                .resourceRequirements(List.of(ResourceRequirement.builder()
                    .type(ResourceType.GPU)
                    .sharingStrategy(SharingStrategy.builder()
                        .nvidiaMps(NvidiaMps.builder().memoryMiB(4096).maxComputePercent(50).build())
                        .build())
                    .build()))
                .build()))
            .placementConstraints(List.of(PlacementConstraint.memberOf("attribute:ecs.instance-type =~ g5.*")))
            .placementStrategies(List.of(PlacementStrategy.packedByMemory()))
            .runOn(RunOn.CREATE)
            .volumes(List.of(data))
            .build();
        // What an import returns is not a construct of its own class in jsii, but an interface.
        IVpc imported = Vpc.fromVpcAttributes(stack, "Imported", VpcAttributes.builder().vpcId("vpc-00000001").availabilityZones(List.of("a")).build());
        training.executeAfter(migration, imported);

        app.synth();
    }
}
