"""What a job may do: what its function may do for its work, no more."""

from collections.abc import Iterable, Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from infra.role import FunctionRole, give_reasons, project_arn
from lifeboat.settings import NetworkSettings


class JobRole(iam.Role):
    """A role for the builds of one CodeBuild project.

    Who may start a build may also give it other commands. So this role has the statements with
    which its function works, and none that the function hasn't: only what CodeBuild itself needs
    besides, which is to read what the build runs, and to put it into the network.

    Args:
        scope: parent construct.
        construct_id: its name there.
        project: the name of its project, the only one that CodeBuild may use it for.
        function: the role of the function whose runs they are.
        sources: what a build runs.
        network: where builds run; None: outside any VPC.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        project: str,
        function: FunctionRole,
        sources: Iterable[assets.Asset],
        network: NetworkSettings | None,
    ) -> None:
        stack = Stack.of(scope)
        statements = [*(each.copy() for each in function.work), _read(sources)]
        if network:
            statements += _join_network(stack, network)
        super().__init__(
            scope,
            construct_id,
            assumed_by=iam.ServicePrincipal(
                "codebuild.amazonaws.com",
                # Against the confused deputy: no other project can use this role.
                # https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": stack.account,
                        "aws:SourceArn": project_arn(stack, project),
                    }
                },
            ),
            inline_policies={"Job": iam.PolicyDocument(statements=statements)},
        )
        interfaces = {"*": _NAMELESS, _interfaces(stack): _NAMELESS} if network else {}
        give_reasons(self, function.reasons | interfaces)


_NAMELESS = "CodeBuild's network interfaces get their names when it makes them"


def _read(sources: Iterable[assets.Asset]) -> iam.PolicyStatement:
    """Reading exactly the objects that a build unpacks before it begins."""
    return iam.PolicyStatement(
        sid="ReadCode",
        actions=["s3:GetObject", "s3:GetObjectVersion"],
        resources=[each.bucket.arn_for_objects(each.s3_object_key) for each in sources],
    )


def _join_network(stack: Stack, network: NetworkSettings) -> Iterator[iam.PolicyStatement]:
    """Let CodeBuild attach a build to the subnets.

    It does so with the role that the build itself has, so the build's code could do it too. Unlike
    Lambda's, CodeBuild's calls have no mark by which code's own calls could be denied.
    https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html,
    "Allow CodeBuild access to AWS services required to create a VPC network interface"
    """
    yield iam.PolicyStatement(
        sid="ManageNetworkInterfaces",
        actions=[
            "ec2:CreateNetworkInterface",
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeVpcs",
        ],
        resources=["*"],
    )
    subnets = [
        stack.format_arn(service="ec2", resource="subnet", resource_name=each)
        for each in network.subnet_ids
    ]
    yield iam.PolicyStatement(
        sid="LendNetworkInterfacesToCodeBuild",
        actions=["ec2:CreateNetworkInterfacePermission"],
        resources=[_interfaces(stack)],
        conditions={
            "StringEquals": {
                "ec2:AuthorizedService": "codebuild.amazonaws.com",
                "ec2:Subnet": subnets,
            }
        },
    )


def _interfaces(stack: Stack) -> str:
    """All network interfaces of the account and region."""
    return stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
