"""What an identity provider says of somebody -> the role here."""

from collections.abc import Collection, Mapping

from radlens.domain.account import Role
from radlens.domain.errors import BadSettings, NotAllowed


def roles_of_groups(text: str) -> dict[str, Role]:
    """The mapping ``group=role, ...`` of the settings; raises BadSettings."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    try:
        return {group.strip(): Role(role.strip()) for group, _, role in pairs}
    except ValueError as error:
        raise BadSettings(f"oidc_roles must be group=role, group=role: {error}.") from error


def role_of(groups: Collection[str], roles: Mapping[str, Role]) -> Role:
    """The highest role that a group gives; raises NotAllowed where none gives one."""
    given = {roles[group] for group in groups if group in roles}
    if not given:
        raise NotAllowed(
            "The identity provider knows you, and none of your groups has a role here.",
            hint="Ask an administrator: `oidc_roles` in the settings gives groups their roles.",
        )
    return max(given, key=list(Role).index)
