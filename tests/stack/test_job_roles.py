"""What jobs may do: what their functions may, to the letter."""

from typing import Any

import pytest

from tests.stack.stacks import Synthesized
from tests.stack.test_roles import as_text, may, role_of, statements_of

JOBS = ("Lifeboat-backup-app-job", "Lifeboat-drill-app-job", "Lifeboat-restore-job")


def job_role_of(stack: Synthesized, project: str) -> dict[str, Any]:
    """The role of a project's builds."""
    (found,) = [
        each for each in stack.of_type("AWS::CodeBuild::Project") if each["Name"] == project
    ]
    (role, _) = found["ServiceRole"]["Fn::GetAtt"]
    properties: dict[str, Any] = stack.body["Resources"][role]["Properties"]
    return properties


@pytest.mark.parametrize("project", JOBS)
def test_a_job_may_do_what_its_function_may_and_read_its_code(
    plain: Synthesized, project: str
) -> None:
    """Whoever may start a build may give it other commands, so it must not be a way up."""
    function = role_of(plain, project.removesuffix("-job"))
    job = statements_of(job_role_of(plain, project))

    assert function.pop("StartJob") == {
        "Sid": "StartJob",
        "Effect": "Allow",
        "Action": ["codebuild:StartBuild"],
        "Resource": [f"arn:aws:codebuild:eu-central-1:123456789012:project/{project}"],
    }
    code = job.pop("ReadCode")
    assert job == function
    assert (code["Effect"], code["Action"]) == ("Allow", ["s3:GetObject", "s3:GetObjectVersion"])
    (found,) = [
        each for each in plain.of_type("AWS::CodeBuild::Project") if each["Name"] == project
    ]
    sources = [found["Source"], *found["SecondarySources"]]
    assert code["Resource"] == sorted(f"arn:aws:s3:::{each['Location']}" for each in sources)
    assert not any("*" in each for each in code["Resource"])


@pytest.mark.parametrize("project", JOBS)
def test_a_job_in_a_network_may_only_let_codebuild_join_these_subnets(
    sealed: Synthesized, project: str
) -> None:
    function = role_of(sealed, project.removesuffix("-job"))
    job = statements_of(job_role_of(sealed, project))

    assert job.keys() - function.keys() == {"ReadCode", "LendNetworkInterfacesToCodeBuild"}
    assert function.keys() - job.keys() == {"StartJob", "DenyEniCallsFromFunctionCode"}
    assert may(job)["ManageNetworkInterfaces"] == (
        "Allow",
        [
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
    )
    lent = job["LendNetworkInterfacesToCodeBuild"]
    assert lent["Action"] == ["ec2:CreateNetworkInterfacePermission"]
    assert lent["Resource"] == ["arn:aws:ec2:eu-central-1:123456789012:network-interface/*"]
    assert lent["Condition"]["StringEquals"]["ec2:AuthorizedService"] == "codebuild.amazonaws.com"
    assert [as_text(each) for each in lent["Condition"]["StringEquals"]["ec2:Subnet"]] == [
        "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0a0a0a0a",
        "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0b0b0b0b",
    ]


def test_codebuild_may_use_a_jobs_role_for_its_project_only(any_stack: Synthesized) -> None:
    for project in any_stack.of_type("AWS::CodeBuild::Project"):
        role = job_role_of(any_stack, project["Name"])
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "codebuild.amazonaws.com"}
        condition = trust["Condition"]["StringEquals"]
        assert condition["aws:SourceAccount"] == "123456789012"
        assert as_text(condition["aws:SourceArn"]) == (
            f"arn:aws:codebuild:eu-central-1:123456789012:project/{project['Name']}"
        )


def test_no_function_without_a_job_may_start_a_build(
    unlocked: Synthesized, plain: Synthesized
) -> None:
    assert "codebuild" not in str(unlocked.of_type("AWS::IAM::Role"))
    assert "StartBuild" not in str(role_of(plain, "Lifeboat-monitor"))
