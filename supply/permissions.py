"""Who may do what: one table, default no. Roles are held per branch; an admin's may be held for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from supply.errors import Forbidden, NotFound
from supply.i18n import lazy


class Role(StrEnum):
    STOREROOM = "storeroom"
    THERAPIST = "therapist"
    MANAGER = "manager"
    ADMIN = "admin"


class Permission(StrEnum):
    STOCK_SEE = "stock:see"
    DELIVERY_LOG = "delivery:log"
    WASTE_LOG = "waste:log"
    COUNT_LOG = "count:log"
    TRANSFER_LOG = "transfer:log"
    COUNT_APPROVE = "count:approve"
    CONTAINER_HANDLE = "container:handle"
    LABEL_PRINT = "label:print"
    CODE_LINK = "code:link"
    VISIT_PLAN = "visit:plan"
    VISIT_COMPLETE_OWN = "visit:complete-own"
    VISIT_COMPLETE_ANY = "visit:complete-any"
    REQUISITION_REQUEST = "requisition:request"
    REQUISITION_DECIDE = "requisition:decide"
    CATALOG_MANAGE = "catalog:manage"
    SAFETY_CONSENT = "safety:consent"
    SAFETY_OVERRIDE = "safety:override"
    PEOPLE_STAFF = "people:staff"
    PEOPLE_MANAGE = "people:manage"
    TABLET_MANAGE = "tablet:manage"
    BRANCH_MANAGE = "branch:manage"
    TOKEN_OWN = "token:own"  # noqa: S105 - a permission's name
    AUDIT_SEE = "audit:see"
    VARIANCE_SEE = "variance:see"
    REPORT_SEE = "report:see"
    WEBHOOK_MANAGE = "webhook:manage"
    RECALL_DECIDE = "recall:decide"
    IMPORT_RUN = "import:run"


_S, _T, _M, _A = Role.STOREROOM, Role.THERAPIST, Role.MANAGER, Role.ADMIN
TABLE: dict[Permission, frozenset[Role]] = {
    Permission.STOCK_SEE: frozenset({_S, _T, _M, _A}),
    Permission.DELIVERY_LOG: frozenset({_S, _M}),
    Permission.WASTE_LOG: frozenset({_S, _M}),
    Permission.COUNT_LOG: frozenset({_S, _M}),
    Permission.TRANSFER_LOG: frozenset({_S, _M}),
    Permission.COUNT_APPROVE: frozenset({_M}),
    Permission.CONTAINER_HANDLE: frozenset({_S, _T, _M}),
    Permission.LABEL_PRINT: frozenset({_S, _M}),
    Permission.CODE_LINK: frozenset({_S, _M}),
    Permission.VISIT_PLAN: frozenset({_T, _M}),
    Permission.VISIT_COMPLETE_OWN: frozenset({_T, _M}),
    Permission.VISIT_COMPLETE_ANY: frozenset({_M}),
    Permission.REQUISITION_REQUEST: frozenset({_S, _M}),
    Permission.REQUISITION_DECIDE: frozenset({_M}),
    Permission.CATALOG_MANAGE: frozenset({_M}),
    Permission.SAFETY_CONSENT: frozenset({_T, _M}),
    Permission.SAFETY_OVERRIDE: frozenset({_M}),
    Permission.PEOPLE_STAFF: frozenset({_M, _A}),
    Permission.PEOPLE_MANAGE: frozenset({_A}),
    Permission.TABLET_MANAGE: frozenset({_M, _A}),
    Permission.BRANCH_MANAGE: frozenset({_A}),
    Permission.TOKEN_OWN: frozenset({_S, _T, _M, _A}),
    Permission.AUDIT_SEE: frozenset({_M, _A}),
    Permission.VARIANCE_SEE: frozenset({_M}),
    Permission.REPORT_SEE: frozenset({_M}),
    Permission.WEBHOOK_MANAGE: frozenset({_M, _A}),
    Permission.RECALL_DECIDE: frozenset({_M}),
    # What is imported takes the right to do it by hand as well.
    Permission.IMPORT_RUN: frozenset({_S, _M}),
}
# What a PIN is enough for at a shared tablet: treating, and what is opened and brewed for it. Whatever
# decides, sets up or hands out rights takes the password.
WITH_PIN = frozenset(
    {
        Permission.STOCK_SEE,
        Permission.CONTAINER_HANDLE,
        Permission.VISIT_PLAN,
        Permission.VISIT_COMPLETE_OWN,
        Permission.VISIT_COMPLETE_ANY,
        Permission.SAFETY_CONSENT,
    }
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person and the roles held, narrowed by a token's scopes where one is used.

    `grants` holds (role, branch id); a branch id of None means every branch (admins only). `token_id` is the
    token that is used, `tablet_id` the shared tablet at which a PIN was typed.
    """

    person_id: UUID
    name: str
    grants: frozenset[tuple[Role, UUID | None]] = field(default_factory=frozenset)
    scopes: frozenset[str] | None = None
    token_id: UUID | None = None
    tablet_id: UUID | None = None

    def belongs_to(self, branch_id: UUID) -> bool:
        return any(granted is None or granted == branch_id for _role, granted in self.grants)

    def may(self, permission: Permission, branch_id: UUID | None = None) -> bool:
        """Whether some role allows it: in this branch, or, with no branch named, in any."""
        if self.scopes is not None and permission.value not in self.scopes:
            return False
        allowed = TABLE[permission]
        return any(
            role in allowed and (branch_id is None or granted is None or granted == branch_id)
            for role, granted in self.grants
        )

    def branch_ids(self) -> frozenset[UUID] | None:
        """The branches the person belongs to; None means all of them."""
        if any(granted is None for _role, granted in self.grants):
            return None
        return frozenset(granted for _role, granted in self.grants if granted is not None)


def require(actor: Actor, permission: Permission, branch_id: UUID | None = None) -> None:
    """Let through or refuse: NotFound for a branch that is not the person's, Forbidden for the role.

    With no branch the permission concerns what all branches share (the catalogue, people).
    """
    if branch_id is not None and not actor.belongs_to(branch_id):
        raise NotFound("branch_not_found", lazy("There is no such branch, or it is not one of yours."))
    if not actor.may(permission, branch_id):
        raise not_permitted(actor, permission)


def not_permitted(actor: Actor, permission: Permission) -> Forbidden:
    """The refusal: for the role, or, at a shared tablet, for the PIN where the password would do."""
    if actor.tablet_id is not None and any(role in TABLE[permission] for role, _branch in actor.grants):
        return password_needed()
    return Forbidden(
        "not_permitted",
        lazy("Your role does not allow this. Ask a manager of the branch."),
        details={"permission": permission.value},
    )


def password_needed() -> Forbidden:
    return Forbidden(
        "password_needed", lazy("A PIN is not enough for this. Sign in with your name and password.")
    )
