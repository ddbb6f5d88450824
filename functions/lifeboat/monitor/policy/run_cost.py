"""What a run costs, in a function and as a job of CodeBuild, and which runs are jobs."""

from dataclasses import dataclass
from math import ceil

from lifeboat.model.aws import Architecture
from lifeboat.model.engine import ComputeName, Engine, EngineChoice
from lifeboat.model.prices import Prices
from lifeboat.settings.function_size import FunctionSize

_FREE_TMP_MB = 512
"""Of /tmp, which a function has without a charge."""

_MB_A_GB = 1024

START_SECONDS = 60.0
"""An assumption: what a build takes to get its machine, its image and its code, beside the run."""

HAND_OVER_SECONDS = 10.0
"""An assumption: what the function of a run takes that becomes a job."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """Runs of one kind of one database.

    Attributes:
        runs: how many a month.
        seconds: that one takes.
        engine: what they run in.
        size: of the function.
        compute: the job's machine.
    """

    runs: float
    seconds: float
    engine: Engine
    size: FunctionSize
    compute: ComputeName

    @property
    def function_seconds(self) -> float:
        """How long the function runs: it takes the run itself, or hands it over."""
        return HAND_OVER_SECONDS if self.engine is Engine.JOB else self.seconds


def function_dollars(
    seconds: float, size: FunctionSize, prices: Prices, architecture: Architecture
) -> float:
    """What one run costs in a function.

    Args:
        seconds: that it takes.
        size: of the function.
        prices: of the region.
        architecture: its processor.
    """
    memory = size.memory_mb / _MB_A_GB * prices.gb_second[architecture]
    tmp = max(size.ephemeral_mb - _FREE_TMP_MB, 0) / _MB_A_GB * prices.tmp_gb_second
    return seconds * (memory + tmp) + prices.invocation / 1000


def job_dollars(
    seconds: float, compute: ComputeName, architecture: Architecture, prices: Prices
) -> float:
    """What one run costs as a job. CodeBuild charges whole minutes, from the start of a build.

    https://aws.amazon.com/codebuild/pricing/

    Args:
        seconds: that the run itself takes.
        compute: the machine.
        architecture: its processor.
        prices: of the region.
    """
    minutes = ceil((seconds + START_SECONDS) / 60)
    return minutes * prices.build_minute[architecture][compute]


def next_engine(choice: EngineChoice, last: Engine | None) -> Engine:
    """What the next run of a database probably runs in.

    Args:
        choice: of the settings.
        last: what the last run of this kind ran in; None if there was none.
    """
    match choice:
        case "function":
            return Engine.FUNCTION
        case "job":
            return Engine.JOB
        case "auto":
            return last or Engine.FUNCTION
