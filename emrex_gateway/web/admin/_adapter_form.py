"""A form for a plugin's settings, made from their description (``adapters.describe``).

A field is named ``settings.<name>``, as the errors of ``adapters`` name it. What
stands in a field is what is in force, defaults included; kept is what differs
from the default, and what was kept before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    FloatField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget, TextArea, TextInput

from emrex_gateway.adapters import FieldInfo, FieldKind, describe, said, value_at, with_value
from emrex_gateway.domain import AdapterBinding
from emrex_gateway.ports import AdapterPlugin
from emrex_gateway.web._languages import language
from emrex_gateway.web.admin._forms import AdminForm, LinesField, ReferenceField

PREFIX = "settings."
MAX_TEXT = 4000
MAX_LONG = 50_000
_K = FieldKind


class BindingForm(AdminForm):
    """What every adapter has, whatever its plugin; made by ``form_of`` with the plugin's own fields."""

    id = StringField(
        _l("Short name"),
        [InputRequired(), Length(max=63)],
        description=_l(
            "Small letters, digits and hyphens, such as campus-peppi. It stands in addresses, in "
            "the log and in the trail, and cannot be changed later."
        ),
    )
    required = BooleanField(
        _l("Needed for every export"),
        description=_l(
            "Ticked: while this system is away, students have to wait. Not ticked: they go on "
            "with the records of the others, and are told that some may be missing."
        ),
    )
    fallback = BooleanField(
        _l("Ask only when the systems before it have nothing"),
        description=_l("Leave this unticked to add its records to those of the others."),
    )

    def __init__(self, *args: Any, infos: Sequence[FieldInfo] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.infos = tuple(infos)

    @property
    def parts(self) -> list[Part]:
        """The plugin's fields as the page shows them: in groups, those for few people last."""
        found: dict[tuple[bool, str], Part] = {}
        for info in self.infos:
            field = self[PREFIX + info.name]
            title = said(info.group, language())
            # what is wrong must be seen
            key = (info.advanced and not field.errors, title)
            part = found.setdefault(key, Part(title, key[0], []))
            part.fields.append(field)
        return sorted(found.values(), key=lambda part: part.advanced)

    def settings(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """What is to be kept of the fields; ``kept`` is what the row holds so far."""
        values: dict[str, Any] = {}
        for info in self.infos:
            value = _plain(self[PREFIX + info.name].data)
            stood = value_at(kept, info.path)
            same = value == _plain(info.default) or (
                value in (None, "", []) and info.default is None
            )
            if same and stood is None:
                continue
            if value is None or (value == "" and info.optional):
                continue
            values = with_value(values, info.path, value)
        return values


@dataclass(frozen=True, slots=True)
class Part:
    """Fields under one heading."""

    title: str
    advanced: bool
    fields: list[Field]


def form_of(
    plugin: AdapterPlugin[Any], data: Any = None, binding: AdapterBinding | None = None
) -> BindingForm:
    """Return the form of a plugin's settings, filled with a binding's or with the defaults."""
    infos = describe(plugin)
    fields = {PREFIX + info.name: _field(info) for info in infos}
    made: type[BindingForm] = type("PluginForm", (BindingForm,), fields)
    settings = binding.settings if binding else {}
    filled = {PREFIX + info.name: _in_force(info, settings) for info in infos}
    filled["required"] = binding.required if binding else True
    filled["fallback"] = binding.fallback if binding else False
    form = made(data, data=filled, infos=infos)
    if binding is not None:
        del form.id
    return form


class _Number(FloatField):
    """A number with a point or a comma."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([one.replace(",", ".") for one in valuelist])

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:.15g}"


class _Several(SelectMultipleField):
    """Boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    group = True


class _Lines(LinesField):
    """Several values, numbers among them."""

    def __init__(self, *args: Any, type_: Any = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.type_ = type_

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        super().process_formdata(valuelist)
        self.data = _typed(list(self.data or ()), self.type_)

    def _value(self) -> str:
        return "\n".join(str(one) for one in self.data or ())


class _Typed(Field):
    """A longer text that means something: shown again as it was written when it is wrong."""

    widget: Any = TextArea()

    def __init__(self, *args: Any, type_: Any = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.type_ = type_

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        self.data = self.read(valuelist[0].strip() if valuelist else "")

    def read(self, text: str) -> Any:
        """Return what the text means. Raises ``ValueError`` with the field's message."""
        raise NotImplementedError

    def written(self) -> str:
        """The data as text."""
        raise NotImplementedError

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.written()


class _Pairs(_Typed):
    """``name = value`` on each line."""

    def read(self, text: str) -> Any:
        found = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            name, equals, value = line.partition("=")
            if not equals or not name.strip():
                raise ValueError(_("Write a name, = and a value on each line."))
            found[name.strip()] = value.strip()
        return _typed(found, self.type_)

    def written(self) -> str:
        return "\n".join(f"{name} = {value}" for name, value in (self.data or {}).items())


class _Json(_Typed):
    """Anything else, as JSON."""

    def read(self, text: str) -> Any:
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError):
            raise ValueError(_("This is not JSON.")) from None

    def written(self) -> str:
        return "" if self.data is None else json.dumps(self.data, ensure_ascii=False, indent=1)


def _field(info: FieldInfo) -> Any:
    """The unbound field of a setting."""
    about: dict[str, Any] = {"label": _label(info), "description": _help(info)}
    needed = [InputRequired() if info.required else Optional()]
    return _MAKERS.get(info.kind, _text)(info, {**about, "validators": needed})


def _number(info: FieldInfo, about: dict[str, Any]) -> Any:
    if (info.least, info.most) != (None, None):
        about["validators"].append(NumberRange(min=info.least, max=info.most))
    class_ = IntegerField if info.kind is _K.INTEGER else _Number
    return class_(render_kw={"inputmode": "decimal", "class": "short"}, **about)


def _flag(info: FieldInfo, about: dict[str, Any]) -> Any:
    return BooleanField(label=about["label"], description=about["description"])


def _several(info: FieldInfo, about: dict[str, Any]) -> Any:
    return _Several(choices=_choices(info), coerce=_coerce(info), **about)


def _long(info: FieldInfo, about: dict[str, Any]) -> Any:
    look = {"rows": 4, "spellcheck": "false", "autocomplete": "off", "maxlength": MAX_LONG}
    class_ = {_K.LINES: _Lines, _K.PAIRS: _Pairs}.get(info.kind, _Json)
    return class_(type_=info.type, render_kw=look, **about)


def _text(info: FieldInfo, about: dict[str, Any]) -> Any:
    look = {"spellcheck": "false", "autocomplete": "off", "maxlength": MAX_TEXT}
    about["validators"].append(Length(max=MAX_TEXT))
    return StringField(filters=[_stripped], render_kw=look, **about)


def _secret(info: FieldInfo, about: dict[str, Any]) -> Any:
    look = {"spellcheck": "false", "autocomplete": "off", "maxlength": MAX_TEXT}
    about["validators"].append(Length(max=MAX_TEXT))
    return ReferenceField(filters=[_stripped], render_kw=look, **about)


def _choice(info: FieldInfo, about: dict[str, Any]) -> Any:
    choices = _choices(info)
    if info.required or info.optional:
        choices = [SelectChoice("", _("Choose") if info.required else _("(none)")), *choices]
    return SelectField(choices=choices, coerce=_coerce(info), **about)


_MAKERS = {
    _K.INTEGER: _number,
    _K.NUMBER: _number,
    _K.FLAG: _flag,
    _K.SECRET: _secret,
    _K.CHOICE: _choice,
    _K.CHOICES: _several,
    _K.LINES: _long,
    _K.PAIRS: _long,
    _K.JSON: _long,
}


def _choices(info: FieldInfo) -> list[SelectChoice]:
    return [SelectChoice(value, said(texts, language())) for value, texts in info.choices]


def _coerce(info: FieldInfo) -> Any:
    """From what a form sends to the value as it is kept."""
    by_text = {str(value): value for value, _words in info.choices}
    return lambda text: by_text.get(str(text), None if text in (None, "") else text)


def _label(info: FieldInfo) -> str:
    label = said(info.label, language())
    return f"{label} ({info.unit})" if info.unit else label


def _help(info: FieldInfo) -> str:
    parts = [said(info.help, language())]
    if info.kind is _K.SECRET:
        parts.append(
            _("Not the secret itself, but where it is: env:NAME or file:/path on the server.")
        )
    if info.kind is _K.LINES:
        parts.append(_("One on each line."))
    if info.kind is _K.PAIRS:
        parts.append(_("name = value on each line."))
    if info.default not in (None, "", (), [], {}) and info.kind not in (_K.FLAG, _K.JSON):
        parts.append(_("Usually: %(value)s.", value=_shown(info.default)))
    return " ".join(filter(None, parts))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {one}" for name, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _in_force(info: FieldInfo, settings: Mapping[str, Any]) -> Any:
    value = value_at(settings, info.path)
    return info.default if value is None else value


def _typed(value: Any, type_: Any) -> Any:
    """Numbers where numbers belong; what does not fit stays, and is named by the check."""
    try:
        return msgspec.to_builtins(msgspec.convert(value, type_, strict=False))
    except (msgspec.ValidationError, TypeError, ValueError):
        return value


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _stripped(value: str | None) -> str | None:
    return value.strip() if isinstance(value, str) else value
