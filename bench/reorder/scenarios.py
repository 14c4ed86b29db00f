"""The spa that is simulated: its items, suppliers, packages, and the fourteen situations it is put in."""

from __future__ import annotations

from dataclasses import dataclass, field

# What one blocked step of one guest costs, and storage as a share of the stock's value a year.
BLOCKED_STEP = 10.0
HOLDING_RATE = 0.25


@dataclass(frozen=True, slots=True)
class Item:
    unit: str
    cost: float
    supplier: str
    pack: float
    minimum: float
    life: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Supplier:
    order_days: tuple[int, ...]
    lead: float
    deviation: float
    fee: float


ITEMS = {
    "angelica_f": Item("kg", 6.0, "herb", 0.5, 1.0, (10, 18)),
    "wormwood_f": Item("kg", 4.0, "herb", 0.5, 1.0, (10, 18)),
    "ginger_f": Item("kg", 3.0, "herb", 1.0, 1.0, (14, 21)),
    "betel_f": Item("kg", 5.0, "herb", 0.25, 0.25, (8, 12)),
    "citrus_d": Item("kg", 9.0, "dry", 1.0, 2.0, (360, 700)),
    "salt": Item("kg", 1.2, "dry", 5.0, 10.0, (600, 720)),
    "rinse": Item("L", 7.0, "dry", 2.0, 4.0, (45, 75)),
    "daowood": Item("bundle", 3.5, "wood", 10.0, 20.0, (150, 300)),
    "oil_base": Item("L", 18.0, "oil", 1.0, 2.0, (360, 700)),
    "oil_lav": Item("L", 160.0, "oil", 0.1, 0.1, (360, 900)),
    "oil_lemon": Item("L", 120.0, "oil", 0.1, 0.1, (360, 900)),
    "oil_rare": Item("L", 900.0, "oil", 0.03, 0.03, (300, 700)),
}
SUPPLIERS = {
    "herb": Supplier((0, 2, 4), 2, 0.8, 6.0),
    "dry": Supplier((1, 4), 5, 1.6, 10.0),
    "wood": Supplier((0,), 9, 2.5, 25.0),
    "oil": Supplier((0, 1, 2, 3, 4), 12, 3.5, 15.0),
}
# A package is a list of steps; a step is what one guest takes of each item.
Step = dict[str, float]
PACKAGES: dict[str, list[Step]] = {
    "full": [
        {"daowood": 0.5},
        {"angelica_f": 0.25, "wormwood_f": 0.2, "citrus_d": 0.05},
        {"ginger_f": 0.15, "salt": 0.05},
        {"rinse": 0.1},
        {"oil_base": 0.04, "oil_lav": 0.005},
    ],
    "short": [
        {"angelica_f": 0.25, "wormwood_f": 0.2, "citrus_d": 0.05},
        {"oil_base": 0.04, "oil_lemon": 0.004},
    ],
    "foot": [{"ginger_f": 0.25, "salt": 0.08}, {"oil_base": 0.02, "oil_lemon": 0.002}],
    "postnatal": [
        {"daowood": 0.5},
        {"wormwood_f": 0.3, "betel_f": 0.1},
        {"rinse": 0.1},
        {"oil_base": 0.03, "oil_lemon": 0.003},
    ],
    "premium": [
        {"daowood": 1.0},
        {"angelica_f": 0.3, "wormwood_f": 0.2, "citrus_d": 0.08},
        {"ginger_f": 0.15, "salt": 0.05},
        {"rinse": 0.15},
        {"oil_base": 0.05, "oil_rare": 0.003},
    ],
}
Mix = dict[str, float]
MIX: Mix = {"full": 0.45, "short": 0.25, "foot": 0.2, "postnatal": 0.07, "premium": 0.03}
FEET: Mix = {"full": 0.15, "short": 0.1, "foot": 0.55, "postnatal": 0.17, "premium": 0.03}
EVEN: Mix = {"full": 0.25, "short": 0.25, "foot": 0.2, "postnatal": 0.15, "premium": 0.15}


@dataclass(frozen=True, slots=True)
class Scenario:
    """How the spa fares. Day 0 is the first simulated one; `history` days before it were recorded."""

    days: int = 280
    history: int = 126
    guests: float = 20.0
    week: tuple[float, ...] = (0.72, 0.78, 0.88, 0.95, 1.15, 1.40, 1.12)
    closed_weekdays: tuple[int, ...] = ()
    mix: Mix = field(default_factory=lambda: MIX)
    noise: float = 0.15
    quantity_noise: float = 0.15
    walk_in: float = 0.3
    booked_ahead: float = 4.0
    groups: float = 0.12
    large_groups: float = 0.0
    cancelled: float = 0.08
    growth: float = 0.0
    level_break: tuple[int, float] | None = None
    mix_break: tuple[int, Mix] | None = None
    # The first of six closed days, after sixteen busy ones.
    tet: int | None = None
    lead_shock: tuple[int, int, float] | None = None
    outage: tuple[str, int, int] | None = None
    late_log: float = 0.0
    # Nothing is logged from the first to the second day, then everything.
    unlogged: tuple[int, int] | None = None
    estimate_deviation: float = 0.25
    past_deliveries: int = 6
    life_scale: float = 1.0
    pack_scale: float = 1.0
    order_days: dict[str, tuple[int, ...]] = field(default_factory=dict)


SCENARIOS = {
    "steady": Scenario(),
    "weekend": Scenario(week=(0, 0.45, 0.55, 0.8, 1.2, 2.1, 1.9), closed_weekdays=(0,)),
    "tet_spike": Scenario(tet=150),
    "growth": Scenario(growth=1.0),
    "mix_change": Scenario(mix_break=(110, FEET)),
    "cold_start": Scenario(history=0, past_deliveries=0, estimate_deviation=0.6),
    "demand_drop": Scenario(level_break=(100, 0.45)),
    "lead_shock": Scenario(lead_shock=(90, 160, 2.0)),
    "outage": Scenario(outage=("herb", 120, 134)),
    "late_logging": Scenario(late_log=0.45, unlogged=(140, 145)),
    "intermittent": Scenario(guests=4.0, mix=EVEN),
    "fresh_short": Scenario(life_scale=0.7, order_days={"herb": (0, 3)}, noise=0.25),
    "group_bookings": Scenario(large_groups=0.10, guests=24.0, walk_in=0.2),
    "small_site": Scenario(guests=7.0, pack_scale=2.0),
}
