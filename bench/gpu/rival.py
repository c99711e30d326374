"""The same model by transformers with sdpa, for comparison: its loss by chunks of rows, and from whole logits."""

from __future__ import annotations

from typing import Any, Dict

import torch
import torch.nn.functional as F

from common import fill

ROWS = 4096


class Rival:
    def __init__(self, config: Dict[str, Any], device: torch.device, dtype: torch.dtype) -> None:
        import transformers

        transformers.logging.set_verbosity_error()
        made = transformers.AutoConfig.for_model(**config)
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(made, dtype=dtype, attn_implementation="sdpa")
        model = model.to_empty(device=device).eval()
        model.tie_weights()
        for name, weight in model.named_parameters():
            self._fill(weight, name)
        # Angles are no parameters: an empty model has none.
        rotary = model.model.rotary_emb
        model.model.rotary_emb = type(rotary)(made, device=device)
        self.model, self.version = model, transformers.__version__

    @staticmethod
    def _fill(weight: torch.Tensor, name: str) -> None:
        """As the bench's own weights: experts that are stacked here are single tensors there."""
        if weight.dim() == 3 and "experts" in name:
            prefix, part = name.rsplit(".", 1)
            for expert in range(weight.shape[0]):
                own = weight[expert]
                layer = prefix.replace(".mlp.experts", f".block_sparse_moe.experts.{expert}")
                if part.startswith("gate_up"):
                    half = own.shape[0] // 2
                    fill(own[:half], f"{layer}.w1.weight", (2, 2))
                    fill(own[half:], f"{layer}.w3.weight", (2, 2))
                else:
                    fill(own, f"{layer}.w2.weight", (2, 2))
            return
        fill(weight, name.replace(".mlp.gate.weight", ".block_sparse_moe.gate.weight"), weight.shape)

    def chunked(self, ids: torch.Tensor) -> torch.Tensor:
        """Losses [batch, sequence - 1], logits of some rows at a time."""
        batch, sequence = ids.shape
        hidden = self.model.model(ids, use_cache=False).last_hidden_state
        rows, labels = hidden[:, :-1].reshape(-1, hidden.shape[-1]), ids[:, 1:].reshape(-1)
        losses = [
            F.cross_entropy(
                self.model.lm_head(rows[start : start + ROWS]).float(), labels[start : start + ROWS], reduction="none"
            )
            for start in range(0, rows.shape[0], ROWS)
        ]
        return torch.cat(losses).reshape(batch, sequence - 1)

    def whole(self, ids: torch.Tensor) -> torch.Tensor:
        """The same from whole logits, float32."""
        batch, sequence = ids.shape
        logits = self.model(ids, use_cache=False).logits.float()
        labels = ids[:, 1:].reshape(-1)
        losses = F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), labels, reduction="none")
        return losses.reshape(batch, sequence - 1)
