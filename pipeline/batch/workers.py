"""Runs one function over many tasks, on anything that offers the interface of `concurrent.futures.Executor`.

Processes on this machine, or a Dask cluster. A few tasks more than there are workers are handed out at a time, so
that neither memory nor the scheduler grows with a folder of ten thousand slides.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from typing import Protocol, TypeVar

from ...core.errors import UsageError
from ...core.free_cores import free_cores

Task = TypeVar("Task")
Answer = TypeVar("Answer")
AHEAD = 2
"""Tasks handed out at a time, for each worker."""


class Workers(Protocol):
    """Something that works: how many tasks at a time, and where they are handed in."""

    @property
    def count(self) -> int:
        """Tasks that are worked on at a time."""
        ...

    def start(self) -> Executor:
        """An executor that is ready; called again after the last one broke."""
        ...

    def stop(self) -> None:
        """End at once, with what is still at work."""
        ...


class LocalProcesses:
    """Processes on this machine, each with its own copy of the networks."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self._others = set(multiprocessing.active_children())

    @property
    def count(self) -> int:
        """How many processes."""
        return self._count

    def start(self) -> Executor:
        """A new pool; processes begin anew and not as copies, which torch's threads would not survive."""
        self._pool = ProcessPoolExecutor(
            self._count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
        )
        with _without_interrupts():  # what starts now inherits that: imports before the initializer take seconds
            for _ in range(self._count):
                self._pool.submit(int)
        return self._pool

    def stop(self) -> None:
        """End what works, cancel what waits; returns when the processes are gone.

        The pool's own thread waits for them: nobody else may, for only one can learn how a process ended.
        """
        if self._pool is not None:
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
            self._pool.shutdown(wait=True, cancel_futures=True)


class DaskCluster:
    """The workers of a Dask cluster. A task whose worker dies is handed to another one by the cluster itself."""

    def __init__(self, address: str) -> None:
        """Connect.

        Parameters
        ----------
        address
            Of the scheduler, such as tcp://host:8786.

        Raises
        ------
        UsageError
            Where Dask is not installed or no scheduler answers.
        """
        try:
            from distributed import Client
        except ImportError as problem:
            raise UsageError("--cluster needs Dask: install karyo-split[cluster]") from problem
        try:
            self._client = Client(address, timeout="5s", set_as_default=False)
        except (OSError, ValueError) as problem:
            raise UsageError(f"no Dask scheduler answers at {address}: start one, or check the address") from problem

    @property
    def count(self) -> int:
        """Threads of all workers that are there now, at least one."""
        return max(1, sum(self._client.nthreads().values()))

    def start(self) -> Executor:
        """The cluster as an executor."""
        return self._client.get_executor(pure=False)

    def stop(self) -> None:
        """Cancel what this client handed in, and disconnect."""
        self._client.close()


def workers_for(cluster: str | None, processes: int, device: str) -> Workers | None:
    """Choose who works: a cluster, processes on this machine, or None for this process.

    Parameters
    ----------
    cluster
        Address of a Dask scheduler; None for this machine.
    processes
        How many slides are worked on at a time here.
    device
        What the user asked for.

    Raises
    ------
    UsageError
        Where the cluster cannot be reached.
    DeviceError
        Where this machine does not have the device, before any process starts.
    """
    if cluster:
        return DaskCluster(cluster)
    if processes <= 1:
        return None
    if device not in ("auto", "cpu"):
        from ...core.device import choose_device  # it imports torch, which only the workers need else

        choose_device(device)
    return LocalProcesses(processes)


def threads_a_process(threads: int | None, processes: int) -> int:
    """Share the cores that other programs leave free between some processes, unless the user says otherwise."""
    return max(1, free_cores() // processes) if threads is None else threads


def in_parallel(
    work: Callable[[Task], Answer], tasks: Sequence[Task], workers: Workers
) -> Generator[tuple[Task, Answer | Exception], None, None]:
    """Yield each task with its answer, or with the exception that it raised, as they come.

    Where an executor breaks (a process was killed, or ran out of memory), a new one is started, and the tasks that were
    at work are repeated one at a time: the one that breaks it again gets the exception, the others go on.

    Parameters
    ----------
    work
        What is done with a task.
    tasks
        In any order.
    workers
        Who works.
    """
    waiting, suspects = deque(tasks), deque[Task]()
    at_work: dict[Future[Answer], Task] = {}
    executor = workers.start()
    try:
        while waiting or suspects or at_work:
            alone = bool(suspects)
            source, most = (suspects, 1) if alone else (waiting, AHEAD * workers.count)
            while source and len(at_work) < most:
                try:
                    at_work[executor.submit(work, source[0])] = source[0]
                except BrokenExecutor:
                    if at_work:
                        break  # their futures say so too, and are dealt with below
                    executor = workers.start()
                    continue
                source.popleft()
            broken = []
            for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                task, problem = at_work.pop(future), _problem_of(future)
                if isinstance(problem, BrokenExecutor) and not alone:
                    broken.append(task)
                elif problem is not None:
                    yield task, problem
                else:
                    yield task, future.result()
                if isinstance(problem, BrokenExecutor) and alone:
                    executor = workers.start()
            if broken:
                suspects.extend([*broken, *at_work.values()])
                at_work.clear()
                executor = workers.start()
        executor.shutdown()
    finally:
        workers.stop()


def _problem_of(future: Future[Answer]) -> Exception | None:
    """What a finished task raised; interrupts are passed on."""
    try:
        problem = future.exception()
    except CancelledError as cancelled:
        return cancelled
    if problem is None or isinstance(problem, Exception):
        return problem
    raise problem


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Holds Ctrl-C back until the end; where the system cannot do that, nothing changes."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """The first thing that a worker does: leave interrupts to its parent, and end when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """Wait for the end of the process that started this one, however it ends, and end too.

    Half a file never has its final name, so there is nothing to tidy up.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
