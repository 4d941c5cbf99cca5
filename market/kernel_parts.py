"""How numba compiles a kernel: as a part of the loop that calls it, of which alone machine code is made.

Offline. numba optimises every function that another one calls, and makes machine code of it, before it is written into
its caller and optimised once more. Kernels are called by loops only, a hundred of them by one, and that was more than
half of what a loop took to compile. Here a kernel is handed over as it was lowered, and the whole is optimised once.
Passes of numba that look for what a kernel may not contain (`tests/kernel_rules.py`) are left out, too.
"""

from typing import Any

from numba.core import typed_passes, untyped_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager, register_pass

Made = Any
"""What numba makes."""


class Part(JITCodeLibrary):
    """Code that is linked into that of whoever calls it, and stands nowhere by itself."""

    def _optimize_final_module(self) -> None:
        """Leave that to whoever calls it."""

    def _finalize_final_module(self) -> None:
        """Be ready to be linked, without machine code."""
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]  # of numba's
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]  # likewise
class PartLowering(typed_passes.NativeLowering):
    """Lowers a kernel to a part."""

    _name = "part_lowering"

    def run_pass(self, state: Made) -> bool:
        """Lower it, and tell numba what others find it by: a builtin of its own, which nobody calls."""
        part: Made = Part
        state.library = part(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]  # likewise
        known: Made = [].append
        state.targetctx.insert_user_function(known, state.cr.fndesc, [state.library])
        state.cr = state.cr._replace(cfunc=known)
        return True


PASSES = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    untyped_passes.GenericRewrites,
    untyped_passes.InlineInlinables,
    untyped_passes.ReconstructSSA,
    typed_passes.NopythonTypeInference,
    typed_passes.PreLowerStripPhis,
    typed_passes.IRLegalization,
    typed_passes.AnnotateTypes,
    PartLowering,
    typed_passes.NoPythonBackend,
)
"""What numba does with a kernel, in its own order."""


class KernelCompiler(CompilerBase):
    """Compiles a kernel to a part."""

    def define_pipelines(self) -> list[Made]:
        """Return the one way of doing it."""
        passes: Made = PassManager
        manager = passes("kernel")
        for one in PASSES:
            manager.add_pass(one, one.__name__)
        manager.finalize()
        return [manager]
