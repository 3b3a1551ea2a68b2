package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	run "github.com/cdk-ecs-run-task/cdk-ecs-run-task-go/cdkecsruntask"
)

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Shop"), nil)
	orders := awssqs.NewQueue(stack, jsii.String("Orders"), nil)
	cluster := awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{
		Vpc: awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)}),
	})

	taskDefinition := awsecs.NewFargateTaskDefinition(stack, jsii.String("Definition"), nil)
	taskDefinition.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:   awsecs.ContainerImage_FromRegistry(jsii.String("shop"), nil),
		Logging: awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{StreamPrefix: jsii.String("shop")}),
	})
	service := awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:        cluster,
		TaskDefinition: taskDefinition,
	})

	migration := run.NewRunTask(stack, jsii.String("Migration"), &run.RunTaskProps{
		Cluster:        cluster,
		TaskDefinition: taskDefinition,
		ContainerOverrides: &[]*run.ContainerOverride{{
			ContainerName: jsii.String("app"),
			Command:       jsii.Strings("migrate", "--to", "latest"),
			Environment: &map[string]*string{
				"STAGE":     jsii.String("prod"),
				"LOG_LEVEL": jsii.String("debug"),
				"DRY_RUN":   jsii.String("no"),
			},
			Cpu:                  jsii.Number(128),
			MemoryReservationMiB: jsii.Number(256),
		}},
		TaskOverrides: &run.TaskOverrides{
			Cpu:                 jsii.Number(512),
			MemoryLimitMiB:      jsii.Number(1024),
			EphemeralStorageGiB: jsii.Number(30),
		},
		Count:           jsii.Number(2),
		PlatformVersion: awsecs.FargatePlatformVersion_VERSION1_4,
		VpcSubnets:      &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC},
		AssignPublicIp:  jsii.Bool(true),
		ReferenceId:     jsii.String("release-7"),
		Tags: &map[string]*string{
			"team":    jsii.String("shop"),
			"purpose": jsii.String("migration"),
			"costs":   jsii.String("42"),
		},
		PropagateTags:        awsecs.PropagatedTagSource_TASK_DEFINITION,
		EnableEcsManagedTags: jsii.Bool(true),
		EnableExecuteCommand: jsii.Bool(true),
		RunOn:                run.RunOn_CHANGE,
		OnRollback:           run.OnRollback_RUN,
		Triggers: &map[string]*string{
			"schema":     jsii.String("7"),
			"migrations": jsii.String("3f2a91"),
		},
		Timeout:          awscdk.Duration_Minutes(jsii.Number(20)),
		ExitCodeFrom:     jsii.Strings("app"),
		SuccessExitCodes: jsii.Numbers(0, 3),
		RetryAttempts:    jsii.Number(2),
		CompleteWhen:     run.CompleteWhen_TASK_STOPPED,
		LogTailLines:     jsii.Number(50),
		OnDelete: &run.RunOnDelete{
			ContainerOverrides: &[]*run.ContainerOverride{{
				ContainerName: jsii.String("app"),
				Command:       jsii.Strings("drop"),
			}},
			Timeout: awscdk.Duration_Minutes(jsii.Number(5)),
		},
		ExecuteAfter:  &[]constructs.IConstruct{orders},
		ExecuteBefore: &[]constructs.IConstruct{service},
	})
	orders.GrantSendMessages(migration)
	migration.Connections().AllowFrom(service, awsec2.Port_Tcp(jsii.Number(9000)), nil)

	trainingDefinition := awsecs.NewEc2TaskDefinition(stack, jsii.String("TrainingDefinition"), &awsecs.Ec2TaskDefinitionProps{
		NetworkMode: awsecs.NetworkMode_AWS_VPC,
	})
	trainer := trainingDefinition.AddContainer(jsii.String("trainer"), &awsecs.ContainerDefinitionOptions{
		Image:          awsecs.ContainerImage_FromRegistry(jsii.String("trainer"), nil),
		MemoryLimitMiB: jsii.Number(2048),
	})
	data := run.NewTaskManagedVolume(stack, jsii.String("Data"), &run.TaskManagedVolumeProps{
		Name: jsii.String("data"),
		ManagedEBSVolume: &awsecs.ServiceManagedEBSVolumeConfiguration{
			Size:       awscdk.Size_Gibibytes(jsii.Number(20)),
			VolumeType: awsec2.EbsDeviceVolumeType_GP3,
		},
		DeleteOnTermination: jsii.Bool(true),
	})
	trainingDefinition.AddVolume(&awsecs.Volume{Name: data.Name(), ConfiguredAtLaunch: data.ConfiguredAtLaunch()})
	data.MountIn(trainer, &awsecs.ContainerMountPoint{ContainerPath: jsii.String("/data"), ReadOnly: jsii.Bool(false)})

	training := run.NewRunTask(stack, jsii.String("Training"), &run.RunTaskProps{
		Cluster:        cluster,
		TaskDefinition: trainingDefinition,
		ContainerOverrides: &[]*run.ContainerOverride{{
			ContainerName: jsii.String("trainer"),
			ResourceRequirements: &[]*run.ResourceRequirement{{
				Type: run.ResourceType_GPU,
				SharingStrategy: &run.SharingStrategy{
					NvidiaMps: &run.NvidiaMps{MemoryMiB: jsii.Number(4096), MaxComputePercent: jsii.Number(50)},
				},
			}},
		}},
		PlacementConstraints: &[]awsecs.PlacementConstraint{
			awsecs.PlacementConstraint_MemberOf(jsii.String("attribute:ecs.instance-type =~ g5.*")),
		},
		PlacementStrategies: &[]awsecs.PlacementStrategy{awsecs.PlacementStrategy_PackedByMemory()},
		RunOn:               run.RunOn_CREATE,
		Volumes:             &[]awsecs.ServiceManagedVolume{data},
	})
	training.ExecuteAfter(migration)

	app.Synth(nil)
}
