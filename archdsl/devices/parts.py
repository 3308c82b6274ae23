"""A process's part of a tensor, as `torch.distributed.checkpoint` saves it and fills it: of any size, anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from torch import Tensor
from torch.distributed.checkpoint.metadata import ChunkStorageMetadata, MetadataIndex, TensorProperties
from torch.distributed.checkpoint.planner import TensorWriteData, WriteItem, WriteItemType

if TYPE_CHECKING:
    from typing_extensions import Self


class PartOfTensor(Tensor):
    """It has the whole tensor's shape, and its own part of the numbers.

    A DTensor would say the same of equal parts only. What torch asks of tensors that are saved in parts are the methods
    below (`torch.distributed._checkpointable`); nothing is computed with one.
    """

    own: Tensor
    place: ChunkStorageMetadata

    def __new__(cls, own: Tensor, axis: int, sizes: Sequence[int], index: int) -> Self:
        """Part `index` of those of these sizes, along an axis. What is filled in is filled into `own`."""
        before, behind = own.shape[:axis], own.shape[axis + 1 :]
        whole = torch.Size([*before, sum(sizes), *behind])
        made: Any = cls._make_wrapper_subclass(cls, whole, dtype=own.dtype, device=own.device)  # pyright: ignore
        made.own = own.detach()
        start = torch.Size([0] * axis + [sum(sizes[:index])] + [0] * len(behind))
        made.place = ChunkStorageMetadata(start, own.shape)
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> NoReturn:
        raise TypeError(f"{func} of a part of a tensor")

    def __repr__(self, **_: Any) -> str:
        return f"PartOfTensor({list(self.place.sizes)} from {list(self.place.offsets)} of {list(self.shape)})"

    def __create_write_items__(self, key: str, _: object) -> list[WriteItem]:
        data = TensorWriteData(self.place, TensorProperties.create_from_tensor(self.own), self.shape)
        return [WriteItem(MetadataIndex(key, self.place.offsets), WriteItemType.SHARD, tensor_data=data)]

    def __create_chunk_list__(self) -> list[ChunkStorageMetadata]:
        return [self.place]

    def __get_tensor_shard__(self, _: MetadataIndex) -> Tensor:
        return self.own
