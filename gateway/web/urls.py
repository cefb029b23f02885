"""The one table of pages: address, way of asking, view, who may see it, title. Nothing else makes an address."""

from __future__ import annotations

from gateway.web.page import ANYONE, GET, NEEDS, POST, SIGNED_IN, Page
from gateway.web.pages.about import view as about
from gateway.web.pages.accept_gap import view as accept_gap
from gateway.web.pages.accept_loss import view as accept_loss
from gateway.web.pages.accessibility import view as accessibility
from gateway.web.pages.acknowledge_policy import view as acknowledge_policy
from gateway.web.pages.approve_shield import view as approve_shield
from gateway.web.pages.arrive import view as arrive
from gateway.web.pages.begin_mediation import view as begin_mediation
from gateway.web.pages.confirm_involvement import view as confirm_involvement
from gateway.web.pages.cookies import view as cookies
from gateway.web.pages.create_child import view as create_child
from gateway.web.pages.end_involvement import view as end_involvement
from gateway.web.pages.enrol import view as enrol
from gateway.web.pages.impose_interim_shield import view as impose_interim_shield
from gateway.web.pages.list_own_children import view as list_own_children
from gateway.web.pages.list_own_looks import view as list_own_looks
from gateway.web.pages.list_sessions import view as list_sessions
from gateway.web.pages.list_shield_cases import view as list_shield_cases
from gateway.web.pages.mark_involvement import view as mark_involvement
from gateway.web.pages.open_home import view as open_home
from gateway.web.pages.open_record import view as open_record
from gateway.web.pages.open_record_by_number import view as open_record_by_number
from gateway.web.pages.propose_shield import view as propose_shield
from gateway.web.pages.report_contact_wrong import view as report_contact_wrong
from gateway.web.pages.request_shield import view as request_shield
from gateway.web.pages.resume_service import view as resume_service
from gateway.web.pages.search_children import view as search_children
from gateway.web.pages.sign_in import view as sign_in
from gateway.web.pages.sign_out import view as sign_out
from gateway.web.pages.start import view as start
from gateway.web.pages.start_involvement import view as start_involvement
from gateway.web.pages.still_there import view as still_there
from gateway.web.pages.teams import view as teams
from gateway.web.pages.tell_of_a_weakness import view as tell_of_a_weakness
from gateway.web.pages.who_looked_at import view as who_looked_at

TABLE: tuple[Page, ...] = (
    GET("/", start.draw, SIGNED_IN, "Start page", menu="Start"),
    GET("/sign-in", sign_in.draw, ANYONE, "Sign in"),
    POST("/sign-in", sign_in.submit, ANYONE, "Sign in"),
    POST("/sign-out", sign_out.submit, SIGNED_IN, "Sign out", before_policy=True),
    GET("/signed-out", sign_out.draw, ANYONE, "You have signed out"),
    GET("/start", arrive.draw, ANYONE, "Going on to ContactPoint"),
    GET("/policy", acknowledge_policy.draw, SIGNED_IN, "Policy", before_policy=True),
    POST("/policy", acknowledge_policy.submit, SIGNED_IN, "Policy", before_policy=True),
    GET("/sessions", list_sessions.draw, SIGNED_IN, "Where I am signed in"),
    POST("/sessions", list_sessions.submit, SIGNED_IN, "Where I am signed in"),
    GET("/own-looks", list_own_looks.draw, NEEDS("audit.own_looks"), "What I looked at recently"),
    GET("/still-there", still_there.draw, ANYONE, "Are you still there?"),
    POST("/still-here", still_there.submit, SIGNED_IN, "Are you still there?", before_policy=True),
    GET("/about", about.draw, ANYONE, "About ContactPoint"),
    GET("/teams", teams.draw, ANYONE, "Telephone numbers of all teams"),
    GET("/.well-known/security.txt", tell_of_a_weakness.draw, ANYONE, "Whom to tell of a weakness"),
    GET("/accessibility", accessibility.draw, ANYONE, "Accessibility"),
    GET("/cookies", cookies.draw, ANYONE, "Cookies"),
    GET("/enrol", enrol.begin_page, ANYONE, "Set up your account"),
    POST("/enrol", enrol.begin, ANYONE, "Set up your account"),
    POST("/enrol/set-up", enrol.complete, ANYONE, "Set up your account"),
    GET("/enrol/done", enrol.done_page, ANYONE, "Your account is ready"),
    POST("/request-shield", request_shield.QUESTION.begin, NEEDS("shield.request"), "Ask for a shield"),
    GET("/request-shield", request_shield.QUESTION.page, NEEDS("shield.request"), "Ask for a shield"),
    POST("/request-shield/answer", request_shield.QUESTION.answer, NEEDS("shield.request"), "Ask for a shield"),
    GET("/request-shield/done", request_shield.done_page, NEEDS("shield.request"), "You have asked for a shield"),
    POST("/interim-shield", impose_interim_shield.QUESTION.begin, NEEDS("shield.interim"), "Hide this child now"),
    GET("/interim-shield", impose_interim_shield.QUESTION.page, NEEDS("shield.interim"), "Hide this child now"),
    POST(
        "/interim-shield/answer", impose_interim_shield.QUESTION.answer, NEEDS("shield.interim"), "Hide this child now"
    ),
    GET("/interim-shield/done", impose_interim_shield.done_page, NEEDS("shield.interim"), "The child is hidden"),
    POST("/propose-shield", propose_shield.QUESTION.begin, NEEDS("shield.decide"), "Shield this child"),
    GET("/propose-shield", propose_shield.QUESTION.page, NEEDS("shield.decide"), "Shield this child"),
    POST("/propose-shield/answer", propose_shield.QUESTION.answer, NEEDS("shield.decide"), "Shield this child"),
    GET("/propose-shield/done", propose_shield.done_page, NEEDS("shield.decide"), "The child is hidden"),
    GET("/shield-cases", list_shield_cases.list_page, NEEDS("shield.list"), "Shield cases", menu="Shield cases"),
    POST("/approve-shield", approve_shield.begin, NEEDS("shield.decide"), "Approve this shield?"),
    GET("/approve-shield", approve_shield.page, NEEDS("shield.decide"), "Approve this shield?"),
    POST("/approve-shield/answer", approve_shield.answer, NEEDS("shield.decide"), "Approve this shield?"),
    GET("/approve-shield/done", approve_shield.done_page, NEEDS("shield.decide"), "Your approval is recorded"),
    GET(
        "/who-looked",
        who_looked_at.identify_page,
        NEEDS("audit.who_looked"),
        "Who looked at a child",
        menu="Who looked",
    ),
    POST("/who-looked", who_looked_at.identify, NEEDS("audit.who_looked"), "Who looked at a child"),
    GET("/who-looked/list", who_looked_at.list_page, NEEDS("audit.who_looked"), "Who looked at this child"),
    GET("/search", search_children.ask, NEEDS("record.search"), "Search for a child", menu="Search"),
    POST("/search", search_children.search, NEEDS("record.search"), "Search for a child"),
    GET("/search/results", search_children.results, NEEDS("record.search"), "Children found"),
    POST("/record/choose", open_record.choose, NEEDS("record.open"), "Why do you need to open this record?"),
    GET("/record/reason", open_record.ask_reason, NEEDS("record.open"), "Why do you need to open this record?"),
    POST("/record/reason", open_record.give_reason, NEEDS("record.open"), "Why do you need to open this record?"),
    GET("/record", open_record.show, NEEDS("record.open"), "Who works with this child"),
    GET("/record/number", open_record_by_number.ask, NEEDS("record.open"), "Open a record by its number"),
    POST("/record/number", open_record_by_number.open_record, NEEDS("record.open"), "Open a record by its number"),
    POST("/record/wrong-number", report_contact_wrong.report, NEEDS("involvement.write"), "Who works with this child"),
    POST("/home-address/choose", open_home.choose, NEEDS("home.open"), "Why do you need the home address?"),
    GET("/home-address/reason", open_home.ask_reason, NEEDS("home.open"), "Why do you need the home address?"),
    POST("/home-address/reason", open_home.give_reason, NEEDS("home.open"), "Why do you need the home address?"),
    GET("/home-address", open_home.show, NEEDS("home.open"), "Home address and carers"),
    POST("/create/choose", create_child.choose, NEEDS("record.create"), "Create a record"),
    GET("/create", create_child.ask, NEEDS("record.create"), "Create a record"),
    POST("/create", create_child.create, NEEDS("record.create"), "Create a record"),
    GET("/created", create_child.created, NEEDS("record.create"), "Record created"),
    POST("/involvement/choose", start_involvement.choose, NEEDS("involvement.write"), "Which team do you work in?"),
    GET("/involvement/team", start_involvement.ask_team, NEEDS("involvement.write"), "Which team do you work in?"),
    POST("/involvement/team", start_involvement.find_team, NEEDS("involvement.write"), "Which team do you work in?"),
    POST(
        "/involvement/team/choose",
        start_involvement.choose_team,
        NEEDS("involvement.write"),
        "Which team do you work in?",
    ),
    GET(
        "/involvement/details",
        start_involvement.ask_details,
        NEEDS("involvement.write"),
        "How can others reach you about this child?",
    ),
    POST(
        "/involvement/details",
        start_involvement.start,
        NEEDS("involvement.write"),
        "How can others reach you about this child?",
    ),
    GET("/involvement/started", start_involvement.started, NEEDS("involvement.write"), "Your involvement is recorded"),
    POST("/involvement/confirm", confirm_involvement.confirm, NEEDS("involvement.write"), "Who works with this child"),
    POST(
        "/involvement/marks/choose",
        mark_involvement.choose,
        NEEDS("involvement.write"),
        "Lead professional and assessment",
    ),
    GET("/involvement/marks", mark_involvement.ask, NEEDS("involvement.write"), "Lead professional and assessment"),
    POST("/involvement/marks", mark_involvement.mark, NEEDS("involvement.write"), "Lead professional and assessment"),
    POST("/involvement/end/choose", end_involvement.choose, NEEDS("involvement.write"), "Has this involvement ended?"),
    GET("/involvement/end", end_involvement.ask, NEEDS("involvement.write"), "Has this involvement ended?"),
    POST("/involvement/end", end_involvement.end, NEEDS("involvement.write"), "Has this involvement ended?"),
    GET("/children", list_own_children.ask, NEEDS("involvement.write"), "My children", menu="My children"),
    POST("/children", list_own_children.confirm_or_end, NEEDS("involvement.write"), "My children"),
    POST("/children/turn", list_own_children.turn, NEEDS("involvement.write"), "My children"),
    GET(
        "/mediation",
        begin_mediation.ask,
        NEEDS("mediation.begin"),
        "Look something up for a colleague",
        menu="For a colleague",
    ),
    POST("/mediation", begin_mediation.begin, NEEDS("mediation.begin"), "Look something up for a colleague"),
    POST("/mediation/end", begin_mediation.end, NEEDS("mediation.begin"), "Look something up for a colleague"),
    GET(
        "/accept-loss",
        accept_loss.ACCEPTANCE.ask,
        NEEDS("custody.accept"),
        "Accept a loss after a restore",
        menu="Accept a loss",
    ),
    POST("/accept-loss", accept_loss.ACCEPTANCE.check, NEEDS("custody.accept"), "Accept a loss after a restore"),
    GET("/accept-loss/confirm", accept_loss.ACCEPTANCE.confirm, NEEDS("custody.accept"), "Accept this loss?"),
    POST("/accept-loss/accept", accept_loss.ACCEPTANCE.accept, NEEDS("custody.accept"), "Accept this loss?"),
    GET("/accept-loss/done", accept_loss.ACCEPTANCE.done, NEEDS("custody.accept"), "Your acceptance is recorded"),
    GET(
        "/accept-gap",
        accept_gap.ACCEPTANCE.ask,
        NEEDS("custody.accept"),
        "Accept a gap in the log",
        menu="Accept a gap",
    ),
    POST("/accept-gap", accept_gap.ACCEPTANCE.check, NEEDS("custody.accept"), "Accept a gap in the log"),
    GET("/accept-gap/confirm", accept_gap.ACCEPTANCE.confirm, NEEDS("custody.accept"), "Accept this gap?"),
    POST("/accept-gap/accept", accept_gap.ACCEPTANCE.accept, NEEDS("custody.accept"), "Accept this gap?"),
    GET("/accept-gap/done", accept_gap.ACCEPTANCE.done, NEEDS("custody.accept"), "Your acceptance is recorded"),
    GET(
        "/resume-service",
        resume_service.ask,
        NEEDS("service.resume"),
        "Let ContactPoint go on after a stop",
        menu="After a stop",
    ),
    POST("/resume-service", resume_service.resume, NEEDS("service.resume"), "Let ContactPoint go on after a stop"),
    GET("/resume-service/done", resume_service.done, NEEDS("service.resume"), "ContactPoint goes on"),
)
