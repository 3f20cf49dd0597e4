"""A host application with a full house of extensions: what the gateway is a guest in."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, g, render_template_string, request, session
from flask_babel import Babel, gettext
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf import CSRFProtect, FlaskForm
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from wtforms import StringField

_PAGE = """<!doctype html><title>host</title>{{ who }} {{ visits }} {{ rows }} {{ word }}
<form method="post" action="/note">{{ form.hidden_tag() }}{{ form.note() }}</form>"""


class _Base(DeclarativeBase):
    pass


class _Note(_Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class _NoteForm(FlaskForm):  # type: ignore[misc]
    note = StringField("note")


class _User(UserMixin):  # type: ignore[misc]
    def __init__(self, id_: str) -> None:
        self.id = id_


def make_host(folder: Path) -> Flask:
    """Make a host whose every answer depends on its extensions; ``/login?user=`` logs in."""
    app = Flask("busy_host")
    app.config.update(
        SECRET_KEY="host's own",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'host.sqlite3'}",
        BABEL_DEFAULT_LOCALE="de",
    )
    Babel(app, locale_selector=lambda: request.args.get("l", "de"))
    CSRFProtect(app)
    Talisman(app, force_https=False, content_security_policy={"default-src": "'self'"})
    db = SQLAlchemy(model_class=_Base)
    db.init_app(app)
    manager = LoginManager(app)
    manager.user_loader(_User)
    with app.app_context():
        db.create_all()

    @app.before_request
    def tenant() -> None:
        g.tenant = "host"

    @app.get("/")
    def home() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return render_template_string(
            _PAGE,
            who=current_user.get_id(),
            visits=session["visits"],
            rows=db.session.query(_Note).count(),
            word=gettext("word"),
            form=_NoteForm(),
        )

    @app.post("/note")
    def note() -> tuple[str, int]:
        form = _NoteForm()
        if not form.validate_on_submit():
            return "no", 400
        db.session.add(_Note(text=form.note.data))
        db.session.commit()
        return "noted", 200

    @app.get("/login")
    def login() -> str:
        login_user(_User(request.args["user"]))
        return "in"

    @app.errorhandler(404)
    def missing(_: Exception) -> tuple[str, int]:
        return "the host has no such page", 404

    return app
