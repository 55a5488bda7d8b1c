"""What will be done to the path: drawn from a seed, so that one number repeats it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final, Literal

Action = Literal["kill", "freeze", "failpoint"]
Target = Literal["agent", "mosquitto", "gateway", "kafka", "stream", "postgres", "redis", "mongo"]

GATEWAY_POINTS: Final = ("gw.after_recv", "gw.after_produce", "gw.before_puback", "gw.before_receipt")
SINK_POINTS: Final = ("sink.before_commit", "sink.after_commit_before_redis", "sink.after_commit_before_checkpoint")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing done to one process."""

    target: Target
    action: Action
    seconds: float = 0.0
    """``freeze``: until it may go on."""
    point: str = ""
    """``failpoint``: the process is killed, comes back with this one armed, and dies there."""
    passes: int = 0

    def __str__(self) -> str:
        if self.action == "freeze":
            return f"freeze {self.target} {self.seconds:.1f} s"
        return f"{self.target} at {self.point}" if self.point else f"kill {self.target}"


@dataclass(frozen=True, slots=True)
class Step:
    """Faults that hit together, and the pause after the path moves again."""

    faults: tuple[Fault, ...]
    pause_s: float


@dataclass(frozen=True, slots=True)
class Tier:
    """How much."""

    name: str
    messages: int
    devices: int
    messages_per_s: float
    weights: dict[str, int]
    """How often each kind of step is drawn; the sum is the number of steps."""
    longest_freeze_s: float
    bound_s: float
    """The faults end after this long, whatever is left of the plan."""


TIERS: Final = {
    tier.name: tier
    for tier in (
        Tier(
            name="ci",
            messages=20_000,
            devices=16,
            messages_per_s=160.0,
            weights={
                "agent": 3,
                "mosquitto": 3,
                "gateway": 2,
                "redis": 2,
                "mongo": 1,
                "postgres": 2,
                "kafka": 1,
                "stream": 1,
                "gateway-point": 2,
                "sink-point": 1,
                "freeze": 2,
                "together": 1,
            },
            longest_freeze_s=4.0,
            bound_s=900.0,
        ),
        Tier(
            name="full",
            messages=300_000,
            devices=40,
            messages_per_s=220.0,
            weights={
                "agent": 26,
                "mosquitto": 24,
                "gateway": 20,
                "redis": 20,
                "mongo": 12,
                "postgres": 16,
                "kafka": 12,
                "stream": 8,
                "gateway-point": 16,
                "sink-point": 9,
                "freeze": 16,
                "together": 8,
            },
            longest_freeze_s=10.0,
            bound_s=1_500.0,
        ),
        Tier(
            # For the negative control: where a careless gateway and an append sink do harm.
            name="control",
            messages=3_000,
            devices=8,
            messages_per_s=120.0,
            weights={"gateway": 3, "after-append": 2},
            longest_freeze_s=1.0,
            bound_s=120.0,
        ),
        Tier(
            name="short",
            messages=3_000,
            devices=8,
            messages_per_s=100.0,
            weights={"agent": 1, "mosquitto": 1, "gateway": 1, "stream": 1},
            longest_freeze_s=2.0,
            bound_s=90.0,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that follows from a tier and a seed."""

    tier: Tier
    seed: int
    steps: tuple[Step, ...]

    @property
    def kills(self) -> int:
        """How many processes will be killed; a failpoint costs two lives."""
        return sum({"kill": 1, "failpoint": 2, "freeze": 0}[f.action] for s in self.steps for f in s.faults)

    def as_record(self) -> dict[str, Any]:
        """For the journal."""
        return {"tier": self.tier.name, "seed": self.seed, "steps": [asdict(step) for step in self.steps]}


def draw(tier: Tier, seed: int) -> Plan:
    """The plan of a seed; the same one every time."""
    random = Random(f"{tier.name}/{seed}")
    kinds = [kind for kind, count in tier.weights.items() for _ in range(count)]
    random.shuffle(kinds)
    points = _in_turn(random, GATEWAY_POINTS), _in_turn(random, SINK_POINTS)
    steps = tuple(Step(_faults(random, kind, tier, *points), round(random.uniform(0.0, 1.5), 2)) for kind in kinds)
    return Plan(tier, seed, steps)


def _in_turn(random: Random, names: tuple[str, ...]) -> Iterator[str]:
    """Every point once before any comes again."""
    while True:
        yield from random.sample(names, len(names))


def _faults(
    random: Random, kind: str, tier: Tier, gateway_points: Iterator[str], sink_points: Iterator[str]
) -> tuple[Fault, ...]:
    if kind == "gateway-point":
        return (Fault("gateway", "failpoint", point=next(gateway_points), passes=random.randint(1, 60)),)
    if kind == "sink-point":
        return (Fault("stream", "failpoint", point=next(sink_points), passes=random.randint(1, 4)),)
    if kind == "after-append":
        return (Fault("stream", "failpoint", point="sink.after_commit_before_checkpoint", passes=random.randint(3, 8)),)
    if kind == "freeze":
        target: Target = random.choice(
            ("agent", "mosquitto", "gateway", "kafka", "stream", "postgres", "redis", "mongo")
        )
        return (Fault(target, "freeze", seconds=round(random.uniform(1.0, tier.longest_freeze_s), 1)),)
    if kind == "together":
        group: tuple[Target, ...] = random.choice(
            (("mosquitto", "gateway"), ("mosquitto", "gateway", "kafka"), ("agent", "mosquitto"), ("redis", "postgres"))
        )
        return tuple(Fault(each, "kill") for each in group)
    target = kind  # type: ignore[assignment]
    return (Fault(target, "kill"),)
