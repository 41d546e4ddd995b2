"""What may be asked of the generators of synthetic images, and in which words it is refused."""

from dataclasses import dataclass
from math import isfinite

from radlens.domain.errors import BadOrder
from radlens.domain.task import LABEL

LONGEST_PROMPT = 500
QUOTA = 5000  # images of one order
LEAST = 20  # with fewer images a distance between two sets says nothing
MOST_STEPS, MOST_GUIDANCE = 1000, 20.0


@dataclass(frozen=True)
class Wish:
    """A ``disease`` that a ``generator`` (a name, an id, or ``compact``) of a task is to learn.

    ``prompt`` describes it: Stable Diffusion listens to it, the compact generator keeps it.
    """

    disease: str
    task: str
    prompt: str = ""
    generator: str = "compact"
    seed: int = 1


@dataclass(frozen=True)
class Order:
    """``n`` images of a disease; ``generator`` is a reference, or "" for the newest that draws it.

    ``guidance`` is how much the class is insisted on, ``steps`` how many times each image is looked
    at; ``name`` is the dataset's. ``task`` is needed where generators of several draw the disease.
    """

    disease: str
    n: int
    generator: str = ""
    seed: int = 1
    guidance: float = 2.0
    steps: int = 25
    name: str = ""
    task: str = ""


def check_wish(disease: str, prompt: str, seed: int) -> None:
    """Raise BadOrder for what no generator can learn."""
    if not LABEL.fullmatch(disease):
        raise BadOrder(
            f"A disease cannot be called {disease[:80]!r}.",
            hint="A letter, then letters, digits and _, such as optic_glioma.",
        )
    if len(prompt) > LONGEST_PROMPT:
        raise BadOrder(
            f"The prompt has {len(prompt):,} characters.",
            hint=f"At most {LONGEST_PROMPT} are taken: a sentence or two.",
        )
    if not 0 <= seed < 2**31:
        raise BadOrder(f"The seed cannot be {seed}.", hint="Seeds count from 0.")


def check_order(order: Order) -> None:
    """Raise BadOrder for what cannot be drawn."""
    if not 1 <= order.n <= QUOTA:
        raise BadOrder(
            f"{order.n:,} images cannot be drawn in one order.",
            hint=f"Ask for 1 to {QUOTA:,}; another seed gives others.",
        )
    if not (0 <= order.seed < 2**63 and 1 <= order.steps <= MOST_STEPS):
        raise BadOrder(
            "The seed or the number of steps is impossible.",
            hint=f"Seeds count from 0; 1 to {MOST_STEPS} steps are taken, 20 are enough.",
        )
    if not (isfinite(order.guidance) and 0 <= order.guidance <= MOST_GUIDANCE):
        raise BadOrder(
            f"The guidance cannot be {order.guidance}.",
            hint=f"It is 0 to {MOST_GUIDANCE:g}: 1 asks for the class, more insists on it.",
        )
