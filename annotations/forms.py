"""The form of /annotate/."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.base import File

from annotations.catalogue import installed_references
from annotations.intake import Upload


class AnnotateForm(forms.Form):
    """A file, pasted text or the example, and the reference to annotate against."""

    vcf_file = forms.FileField(required=False, allow_empty_file=True)
    vcf_text = forms.CharField(required=False, strip=False, widget=forms.Textarea)
    example = forms.BooleanField(required=False)
    reference = forms.ChoiceField(
        error_messages={
            "required": "Choose a reference.",
            "invalid_choice": "The reference %(value)s is not installed here. Choose another one.",
        }
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.references = installed_references()
        field = self.fields["reference"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (tells mypy what stands three lines above)
        field.choices = [(reference.name, reference.title) for reference in self.references]
        if self.references:
            field.initial = self.references[0].name

    def clean(self) -> dict[str, Any]:
        """Find the one source of variants that was given."""
        data = super().clean() or {}
        if data.get("vcf_file") is not None:
            file = data["vcf_file"]
            data["upload"] = Upload(file.name, file.size, file)
        elif data.get("vcf_text", "").strip():
            content = data["vcf_text"].encode()
            data["upload"] = Upload("pasted.vcf", len(content), File(io.BytesIO(content), name="pasted.vcf"))
        elif data.get("example"):
            data["upload"] = example_upload()
        else:
            raise forms.ValidationError("Choose a VCF file, paste its lines, or use the example file.", code="nothing")
        return data


def example_upload() -> Upload:
    """Return the bundled example as an upload."""
    content = (settings.BUNDLED_REFERENCES / "rCRS" / "example.vcf").read_bytes()
    return Upload("example.vcf", len(content), File(io.BytesIO(content), name="example.vcf"))
