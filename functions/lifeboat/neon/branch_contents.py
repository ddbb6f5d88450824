"""Makes and deletes roles and databases of one branch in Neon."""

from dataclasses import dataclass, replace

from lifeboat.neon.answers import Operations
from lifeboat.neon.asking import ProjectRequests
from lifeboat.neon.policy.wire import identifier, path_name
from lifeboat.neon.records import Operation


@dataclass(frozen=True)
class BranchContents(ProjectRequests):
    """The roles and databases of a branch. Every method raises as those of `NeonProject` do.

    Attributes:
        branch_id: of the branch.
    """

    branch_id: str

    def create_role(self, name: str) -> tuple[Operation, ...]:
        """Make a role that may log in; wait for the operations.

        Neon gives it a password, and the rights of its group `neon_superuser`: to make databases
        and extensions, and to read all data of the branch. https://neon.com/docs/manage/roles
        """
        return self._create("roles", {"role": {"name": name}})

    def create_database(self, name: str, *, owner: str) -> tuple[Operation, ...]:
        """Make an empty database; wait for the operations.

        Args:
            name: of the database.
            owner: a role of the branch.
        """
        return self._create("databases", {"database": {"name": name, "owner_name": owner}})

    def delete_database(self, name: str) -> tuple[Operation, ...]:
        """Delete a database with all that is in it; wait for the operations.

        None if it was gone already.
        """
        request = self.request(
            f"delete a database of the branch {self.branch_id}",
            *("branches", identifier(self.branch_id), "databases"),
            method="DELETE",
        )
        request = replace(request, path=(*request.path, path_name(name)))
        body = self.api.send(request)
        return self.read(Operations, request, body).operations if body else ()

    def _create(self, what: str, body: object) -> tuple[Operation, ...]:
        request = self.request(
            f"make one of the {what} of the branch {self.branch_id}",
            *("branches", identifier(self.branch_id), what),
            method="POST",
            body=body,
        )
        return self.ask(Operations, request).operations
