"""Runs a network the fastest way that gives the same numbers.

On a CPU ``auto`` is a frozen TorchScript trace: it gives the bits of eager PyTorch, so that a replay does
not depend on it. ONNX Runtime is faster for one series and rounds otherwise in the seventh digit: it has to be
chosen, and a replay then needs the same choice. On CUDA eager PyTorch runs. Each is compared with eager
PyTorch when a model is loaded; one that is off by more than 1e-6 is not used.

int8 is left out: it moved outputs by 0.02 of a range and was slower on networks of this size.
"""

import io
import warnings
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from forecast_service.settings import Device, Runtime
from gridseal.errors import ConfigError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
Example = tuple[Tensor, ...]
TOLERANCE = 1e-6


def device_at_start(wish: Device) -> torch.device:
    """Where networks run: on CUDA where there is a device, unless told otherwise.

    Raises:
        ConfigError: CUDA was asked for and is not there.
    """
    there = torch.cuda.is_available()
    if wish == "cuda" and not there:
        raise ConfigError("FORECAST_DEVICE is cuda and PyTorch finds no CUDA device: set it to auto or cpu")
    return torch.device("cuda" if there and wish != "cpu" else "cpu")


class FastNet(nn.Module):
    """A network behind its fastest runtimes. Takes and gives CPU tensors, whatever it runs on."""

    def __init__(
        self, net: nn.Module, examples: Sequence[Example], *, runtime: Runtime = "auto", device: Device = "auto"
    ) -> None:
        """Prepare the runtimes.

        Args:
            net: In evaluation mode afterwards.
            examples: Inputs of several batch sizes and lengths; the first is traced, all are compared.
            runtime: Which way; eager PyTorch where that way is not to be had or not the same.
            device: Where to run.

        Raises:
            ConfigError: CUDA was asked for and is not there.
        """
        super().__init__()
        self._place = device_at_start(device)
        self.net = net.eval().to(self._place)
        way: Callable[..., Tensor] | None = None
        if self._place.type == "cpu" and runtime in ("auto", "torchscript"):
            way = self._checked("torchscript", _traced(net, examples[0]), examples)
        elif self._place.type == "cpu" and runtime == "onnx":
            way = self._checked("onnx", _exported(net, examples[0]), examples)
        # In a tuple: assigned as it is, it would become a part of this module.
        self._way = (way or self._eager,)

    def forward(self, *inputs: Tensor) -> Tensor:
        """What the network answers, its first dimension being the batch."""
        return self._way[0](*inputs)

    def _eager(self, *inputs: Tensor) -> Tensor:
        return cast(Tensor, self.net(*(one.to(self._place) for one in inputs))).cpu()

    def _checked(
        self, name: str, way: Callable[..., Tensor] | None, examples: Sequence[Example]
    ) -> Callable[..., Tensor] | None:
        if way is None:
            log.warning("runtime_unavailable", runtime=name)
            return None
        with torch.inference_mode():
            off = max(float((way(*one) - self._eager(*one)).abs().max()) for one in examples)
        if off <= TOLERANCE:
            return way
        log.warning("runtime_differs", runtime=name, off=off)
        return None


def _traced(net: nn.Module, example: Example) -> Callable[..., Tensor] | None:
    with warnings.catch_warnings(), torch.no_grad():
        # Deprecated in favor of torch.compile, which needs a C++ compiler where the service runs.
        warnings.simplefilter("ignore")
        try:
            script = torch.jit.freeze(torch.jit.trace(net, example))  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            log.warning("trace_failed", detail=str(error).splitlines()[0])
            return None
    return cast(Callable[..., Tensor], script)


def _exported(net: nn.Module, example: Example) -> Callable[..., Tensor] | None:
    names = [f"input{k}" for k in range(len(example))]
    axes = {name: {0: "batch"} | ({1: f"steps{k}"} if one.dim() > 1 else {}) for k, (name, one) in
            enumerate(zip(names, example, strict=True))}  # fmt: skip
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                net, example, cast(str, file), dynamo=False, opset_version=17, input_names=names,
                output_names=["quantiles"], dynamic_axes=axes | {"quantiles": {0: "batch", 1: "steps"}},
            )  # fmt: skip
        except (RuntimeError, ImportError) as error:
            log.warning("export_failed", detail=str(error).splitlines()[0])
            return None
    options = onnxruntime.SessionOptions()
    # One thread a worker: two on a busy machine wait for each other.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])

    def run(*inputs: Tensor) -> Tensor:
        given = {name: one.numpy() for name, one in zip(names, inputs, strict=True)}
        return torch.from_numpy(np.asarray(session.run(None, given)[0]))

    return run
