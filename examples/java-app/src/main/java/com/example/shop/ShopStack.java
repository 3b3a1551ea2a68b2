package com.example.shop;

import io.github.cdkecsruntask.RunFargateTask;
import java.util.List;
import java.util.Map;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.RemovalPolicy;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.ec2.SubnetSelection;
import software.amazon.awscdk.services.ec2.SubnetType;
import software.amazon.awscdk.services.ec2.Vpc;
import software.amazon.awscdk.services.ecr.assets.Platform;
import software.amazon.awscdk.services.ecs.AssetImageProps;
import software.amazon.awscdk.services.ecs.AwsLogDriverProps;
import software.amazon.awscdk.services.ecs.Cluster;
import software.amazon.awscdk.services.ecs.ContainerDefinitionOptions;
import software.amazon.awscdk.services.ecs.ContainerImage;
import software.amazon.awscdk.services.ecs.DeploymentCircuitBreaker;
import software.amazon.awscdk.services.ecs.FargateService;
import software.amazon.awscdk.services.ecs.FargateTaskDefinition;
import software.amazon.awscdk.services.ecs.LogDrivers;
import software.amazon.awscdk.services.ecs.Secret;
import software.amazon.awscdk.services.logs.RetentionDays;
import software.amazon.awscdk.services.rds.AuroraPostgresClusterEngineProps;
import software.amazon.awscdk.services.rds.AuroraPostgresEngineVersion;
import software.amazon.awscdk.services.rds.ClusterInstance;
import software.amazon.awscdk.services.rds.DatabaseCluster;
import software.amazon.awscdk.services.rds.DatabaseClusterEngine;
import software.constructs.Construct;

public final class ShopStack extends Stack {
    public ShopStack(final Construct scope, final String id) {
        super(scope, id);

        Vpc vpc = Vpc.Builder.create(this, "Vpc")
            .maxAzs(2)
            .natGateways(0) // which makes public and isolated subnets
            .build();
        Cluster cluster = Cluster.Builder.create(this, "Cluster").vpc(vpc).build();
        DatabaseCluster database = DatabaseCluster.Builder.create(this, "Database")
            .engine(DatabaseClusterEngine.auroraPostgres(AuroraPostgresClusterEngineProps.builder()
                .version(AuroraPostgresEngineVersion.VER_17_7)
                .build()))
            .writer(ClusterInstance.serverlessV2("Writer"))
            .serverlessV2MinCapacity(0) // it sleeps after five minutes without a connection
            .defaultDatabaseName("shop")
            .storageEncrypted(true)
            .vpc(vpc)
            .vpcSubnets(SubnetSelection.builder().subnetType(SubnetType.PRIVATE_ISOLATED).build())
            .removalPolicy(RemovalPolicy.DESTROY) // for the example only: the default takes a last snapshot
            .build();

        FargateTaskDefinition web = new FargateTaskDefinition(this, "Web");
        web.addContainer("web", ContainerDefinitionOptions.builder()
            .image(ContainerImage.fromRegistry("public.ecr.aws/nginx/nginx:stable"))
            .logging(LogDrivers.awsLogs(AwsLogDriverProps.builder()
                .streamPrefix("shop")
                .logRetention(RetentionDays.ONE_MONTH)
                .build()))
            .build());
        FargateService service = FargateService.Builder.create(this, "Service")
            .cluster(cluster)
            .taskDefinition(web)
            .desiredCount(1)
            .minHealthyPercent(100)
            .circuitBreaker(DeploymentCircuitBreaker.builder().rollback(true).build())
            .assignPublicIp(true)
            .build();

        RunFargateTask migration = RunFargateTask.Builder.create(this, "Migration")
            .cluster(cluster)
            // The default platform of Fargate, even if an ARM machine builds the image.
            .image(ContainerImage.fromAsset("migrations", AssetImageProps.builder().platform(Platform.LINUX_AMD64).build()))
            .command(List.of("migrate"))
            .environment(Map.of(
                "FLYWAY_URL", "jdbc:postgresql://" + database.getClusterEndpoint().getSocketAddress() + "/shop?sslmode=require",
                "FLYWAY_CONNECT_RETRIES", "5")) // for a database that has to wake up
            .secrets(Map.of(
                "FLYWAY_USER", Secret.fromSecretsManager(database.getSecret(), "username"),
                "FLYWAY_PASSWORD", Secret.fromSecretsManager(database.getSecret(), "password")))
            .memoryLimitMiB(1024)
            .assignPublicIp(true)
            .timeout(Duration.minutes(10))
            .executeAfter(List.of(database))
            .executeBefore(List.of(service))
            .build();
        database.getConnections().allowDefaultPortFrom(migration);
        database.getConnections().allowDefaultPortFrom(service);
    }
}
