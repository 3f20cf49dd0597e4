"""The kit of the administrator's forms: WTForms, in the page's language, with fields of our own kinds.

Rendered by ``emrex/admin/_form.html``: each field with its label, help and
error tied together for screen readers, and a summary of errors on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import Field, Form, HiddenField, StringField
from wtforms.fields.choices import SelectChoice as _SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.i18n import get_translations
from wtforms.widgets import TextArea, html_params

from emrex_gateway.domain import LangString, Texts
from emrex_gateway.errors import ConfigError
from emrex_gateway.secrets import is_reference
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import language, name_of

MAX_TEXT = 2000
SelectChoice: Any = _SelectChoice
"""A choice of a ``SelectField``; the stubs that mypy has are of a WTForms before it."""


class AdminForm(Form):
    """A form; ``version`` carries what it was made from (``administering.version_of``)."""

    version = HiddenField()

    class Meta:
        """Messages of WTForms in the page's language; the frame guards against forgery."""

        csrf = False

        def get_translations(self, form: Form) -> Any:
            """WTForms ships these."""
            return get_translations([language()])

    def blame(self, error: ConfigError) -> None:
        """Show an error at the field that it names, or above the form."""
        for field in self:
            if field.name == error.field or (
                error.field and error.field.split(".")[0] == field.name
            ):
                field.errors = [*field.errors, told(error)]
                return
        self.form_errors.append(told(error))


def told(error: ConfigError) -> str:
    """An error in the reader's language, where it has words for somebody at a form."""
    return str(_(error.words, **error.values)) if error.words else str(error)


class ReferenceField(StringField):
    """Where a secret is. What is no reference may be the secret itself: no page repeats it."""

    def _value(self) -> str:
        text = str(self.data or "")
        return text if is_reference(text) else ""


class LinesField(Field):
    """Several values, one a line; ``data`` is a tuple without blanks and repetitions."""

    widget: Any = TextArea()

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0] if valuelist else ""
        self.data = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))

    def _value(self) -> str:
        return "\n".join(self.data or ())


class _TextsWidget:
    def __call__(self, field: TextsField, **attributes: Any) -> Markup:
        rows = []
        described = attributes.get("aria-describedby", "")
        for tag in field.languages:
            id_ = f"{field.id}-{tag}"
            values = html_params(
                id=id_,
                name=f"{field.name}-{tag}",
                lang=tag,
                maxlength=MAX_TEXT,
                **({"aria-describedby": described} if described else {}),
                **({"aria-invalid": "true"} if field.errors else {}),
            )
            value = field.text(tag)
            control = (
                f"<textarea {values} rows=3>{escape(value)}</textarea>"
                if field.long
                else f'<input type="text" {values} value="{escape(value)}">'
            )
            name = escape(name_of(tag))
            rows.append(f'<label for="{id_}"><span lang="{tag}">{name}</span></label>{control}')
        return Markup(f'<div class="languages">{"".join(rows)}</div>')  # noqa: S704 (escaped above)


class TextsField(Field):
    """One text in each of the installation's languages, and in those that the value has; ``data`` is ``Texts``."""

    widget = _TextsWidget()

    def __init__(self, *args: Any, long: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        self.long = long

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages to ask for."""
        kept = [text.lang or "" for text in self.data or ()]
        return tuple(dict.fromkeys([*services().settings.languages, *filter(None, kept)]))

    def text(self, tag: str) -> str:
        """The value in a language."""
        return next((t.value for t in self.data or () if t.lang == tag), "")

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read ``<name>-<language>``."""
        self.process_errors = []
        self.object_data = self.data = tuple(data or ()) if data is not None else ()
        if formdata is not None:
            prefix = f"{self.name}-"
            sent: Mapping[str, str] = {
                key.removeprefix(prefix): formdata.getlist(key)[0].strip()
                for key in formdata
                if key.startswith(prefix)
            }
            if sent:
                self.raw_data = list(sent.values())
                self.data: Texts = tuple(
                    LangString(value[:MAX_TEXT], tag) for tag, value in sent.items() if value
                )
