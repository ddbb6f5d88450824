"""Where functions run when the databases are private: a network that exists already."""

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from lifeboat.settings import NetworkSettings


class Network(Construct):
    """Subnets and security groups of somebody else's, which are used and never changed."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: NetworkSettings) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=settings.vpc_id,
            availability_zones=list(settings.availability_zones),
        )
        self.subnets = ec2.SubnetSelection(
            subnets=[ec2.Subnet.from_subnet_id(self, name, name) for name in settings.subnet_ids]
        )
        self.security_groups: list[ec2.ISecurityGroup] = [
            ec2.SecurityGroup.from_security_group_id(self, name, name, mutable=False)
            for name in settings.security_group_ids
        ]
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId",
                reason="Functions are put into these subnets; nobody looks at their routes.",
            )
        )
