"""Which labels PyTorch can use: they become attributes of modules and keys of state dicts.

The list of attributes is written down because `check` never imports torch; a test compares it with the real classes.
"""

from __future__ import annotations

import keyword

MODULE_ATTRIBUTES = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
        "append",
        "extend",
        "insert",
        "pop",
    ]
)
"""Attributes of `torch.nn.Module`, and the methods of `nn.Sequential` that would be shadowed."""


def why_not(part: str) -> str | None:
    """Why a part of a label can't be used; None if it can."""
    if not part:
        return "it is empty, or has a dot at its end"
    if not part.isascii() or not part.isprintable():
        return "names are plain ASCII"
    if len(part) > 200:
        return "it is longer than 200 characters"
    if part in MODULE_ATTRIBUTES:
        return f"every PyTorch module has an attribute `{part}` already"
    if part == "loss_weights":
        return "networks keep the weights of their outputs' losses under this name"
    if keyword.iskeyword(part):
        return "it is a Python keyword"
    if part.startswith("_"):
        return _underscored(part)
    return None


def _underscored(part: str) -> str | None:
    if part.startswith("__"):
        return "names that begin with two underscores are Python's own"
    if part in PRIVATE_ATTRIBUTES:
        return f"PyTorch keeps its own `{part}` in every module"
    return None


PRIVATE_ATTRIBUTES = frozenset(
    [
        "_apply",
        "_backward_hooks",
        "_backward_pre_hooks",
        "_buffers",
        "_call_impl",
        "_compiled_call_impl",
        "_forward_hooks",
        "_forward_hooks_always_called",
        "_forward_hooks_with_kwargs",
        "_forward_pre_hooks",
        "_forward_pre_hooks_with_kwargs",
        "_get_backward_hooks",
        "_get_item_by_idx",
        "_get_backward_pre_hooks",
        "_get_name",
        "_is_full_backward_hook",
        "_load_from_state_dict",
        "_load_state_dict_post_hooks",
        "_load_state_dict_pre_hooks",
        "_maybe_warn_non_full_backward_hook",
        "_modules",
        "_named_members",
        "_non_persistent_buffers_set",
        "_parameters",
        "_register_load_state_dict_pre_hook",
        "_register_state_dict_hook",
        "_replicate_for_data_parallel",
        "_save_to_state_dict",
        "_slow_forward",
        "_state_dict_hooks",
        "_state_dict_pre_hooks",
        "_version",
        "_wrapped_call_impl",
    ]
)
