"""Would another engine pay? The segmenter's second network by torch, ONNX Runtime and OpenVINO.

pip install onnx onnxruntime openvino; python benchmarks/engines.py [--threads 2] [--crops 32]

Prints the median seconds of one forward pass and the largest difference of a probability from torch's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import typer
from karyo_split.segmenter import Segmenter
from karyo_split.segmenter.unet import Features, SeededUNet
from speed import seconds_of
from torch import Tensor, nn

from karyo_split import weights

NAMES = ("grey", "at88", "at44", "at22", "at11", "embedding", "dense", "seeds")
REPEATS = 7


class Asked(nn.Module):
    """The second network with plain tensors for its inputs, as an export needs them."""

    def __init__(self, network: SeededUNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.network.ask(Features(*inputs[:-1]), inputs[-1])


def report(name: str, run: Callable[[], Any], truth: Tensor) -> None:
    """Time an engine and compare its answer."""
    answer = torch.from_numpy(np.asarray(run())).softmax(dim=1)
    print(f"{name:13} {seconds_of(run, REPEATS):.3f} s, differs by {float((answer - truth).abs().max()):.1e}")


def main(threads: int = 2, crops: int = 32) -> None:
    """Export the network and run it by each engine."""
    import onnxruntime
    import openvino

    torch.set_num_threads(threads)
    network = Segmenter.from_weights(weights.load("segmenter", weights.FOLDER)).network.eval()
    with torch.inference_mode():
        seen = network.look(torch.rand(crops, 1, 88, 88).to(memory_format=torch.channels_last))
    planes = (seen.grey, seen.at88, seen.at44, seen.at22, seen.at11, seen.embedding, seen.dense)
    inputs = [plane.clone() for plane in planes] + [torch.rand(crops, 1, 88, 88)]
    asked = Asked(network)

    def by_torch() -> Any:
        with torch.inference_mode():
            return asked(*inputs).numpy()

    truth = torch.from_numpy(by_torch()).softmax(dim=1)
    report("torch", by_torch, truth)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ask.onnx"
        torch.onnx.export(
            asked, tuple(inputs), str(file), dynamo=False, input_names=list(NAMES), output_names=["answer"]
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        given = dict(zip(NAMES, (i.numpy() for i in inputs), strict=True))
        feed = {i.name: given[i.name] for i in session.get_inputs()}
        report("ONNX Runtime", lambda: session.run(None, feed)[0], truth)
        hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(file), "CPU", hints)
        ordered = [given[i.any_name] for i in compiled.inputs]
        report("OpenVINO", lambda: compiled(ordered)[0], truth)


if __name__ == "__main__":
    typer.run(main)
