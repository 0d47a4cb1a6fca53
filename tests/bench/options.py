"""What one measure is told, as JSON on its command line."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`servers` are the processes beside the subject's own whose memory counts, `seconds` how long to look at them."""

    line: str
    folder: str
    posts: int = 0
    workers: int = 1
    threads: int = 16
    accounts: int = 50
    answer_after: float = 0.0
    sizes: tuple[int, ...] = ()
    servers: tuple[int, ...] = ()
    seconds: float = 30.0
    is_sampled: bool = False
    is_braked: bool = True

    @property
    def log(self) -> Path:
        return Path(self.folder) / "log"

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, argument: int = 1) -> "Options":
        return cls(**json.loads(sys.argv[argument]))
