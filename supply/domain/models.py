"""Every model, imported once, so that the metadata is whole for migrations and checks."""

from supply.domain.audit import models as audit
from supply.domain.branches import models as branches
from supply.domain.catalog import models as catalog
from supply.domain.containers import models as containers
from supply.domain.idempotency import models as idempotency
from supply.domain.imports import models as imports
from supply.domain.labels import models as labels
from supply.domain.ledger import incoming_models as incoming
from supply.domain.ledger import models as ledger
from supply.domain.ledger import recall_models as recalls
from supply.domain.outbox import models as outbox
from supply.domain.people import models as people
from supply.domain.planning import models as planning
from supply.domain.preparation import models as preparation
from supply.domain.purchasing import models as purchasing
from supply.domain.receiving import models as receiving
from supply.domain.reports import tally_models as tallies
from supply.domain.stocktake import models as stocktake
from supply.domain.suppliers import models as suppliers
from supply.domain.tasks import models as tasks
from supply.domain.transfers import models as transfers
from supply.domain.treatments import models as treatments
from supply.domain.visits import models as visits
from supply.domain.waste import models as waste

__all__ = [
    "audit",
    "branches",
    "catalog",
    "containers",
    "idempotency",
    "imports",
    "incoming",
    "labels",
    "ledger",
    "outbox",
    "people",
    "planning",
    "preparation",
    "purchasing",
    "recalls",
    "receiving",
    "stocktake",
    "suppliers",
    "tallies",
    "tasks",
    "transfers",
    "treatments",
    "visits",
    "waste",
]
