"""The pages of campaigns: the list, a draft on its way to the launch, what is shown while it goes out and afterwards."""

import re
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import results
from campaigns.models import Campaign, CampaignState, Delivery, DeliveryState
from crm.models import Customer, Shop
from crm.models.shop import AdvertisingRules
from crm.roles import Role
from tests.campaigns import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketing(client):
    client.force_login(world.staff(Role.MARKETING))
    return client


def url(name, campaign, *more):
    return reverse(f"campaigns:{name}", args=[campaign.public_id, *more])


def errors_in(response):
    return re.sub(r"\s+", " ", response.content.decode())


# The list


def test_list_shows_state_answers_lift_and_what_was_earned(marketing):
    sent = world.launched(days_ago=20, name="Autumn picking")
    for number in range(40):
        person = world.customer()
        world.delivery(sent, person, opened_at=sent.launched_at if number < 10 else None)
        if number < 30:
            world.order(person, sent.launched_at + timedelta(hours=number), 100_000)
    for number in range(20):
        held_out = world.customer()
        world.delivery(sent, held_out, DeliveryState.HELD_OUT)
        if number < 5:
            world.order(held_out, sent.launched_at + timedelta(hours=number), 100_000)
    world.campaign(name="Not yet")
    results.refresh_due()

    page = marketing.get(reverse("campaigns:campaigns")).content.decode()

    assert "Autumn picking" in page
    assert "+50,0" in page  # 75 % bought, against 25 % of the hold-out
    assert "2,0\xa0m\xa0₫" in page  # 50,000 more a customer, times 40
    assert page.index("Not yet") < page.index("Autumn picking")
    assert "Draft" in page


def test_running_campaigns_stand_first(marketing):
    world.campaign(name="Newer draft")
    running = world.launched(days_ago=2, name="Going out")
    Campaign.objects.filter(pk=running.pk).update(
        state=CampaignState.SENDING, created_at=timezone.now() - timedelta(days=3)
    )
    world.delivery(running, world.customer())
    world.delivery(running, world.customer(), DeliveryState.QUEUED)
    page = marketing.get(reverse("campaigns:campaigns")).content.decode()
    assert page.index("Going out") < page.index("Newer draft")
    assert "Sending 50" in page


def test_list_needs_the_same_queries_for_one_row_and_for_a_page(marketing, django_assert_max_num_queries):
    everyone = world.segment()
    for number in range(30):
        sent = world.launched(days_ago=number + 1, name=f"Campaign {number}", segment_=everyone)
        world.delivery(sent, world.customer())
        if number < 3:
            Campaign.objects.filter(pk=sent.pk).update(state=CampaignState.SENDING)
    results.refresh_due()
    with django_assert_max_num_queries(12):
        response = marketing.get(reverse("campaigns:campaigns"))
    assert response.content.decode().count('class="r-campaign"') == 28  # 25 and the three that run


def test_pages_of_the_list_hold_every_campaign_once(marketing):
    everyone = world.segment()
    for number in range(60):
        world.campaign(everyone, name=f"N{number:02d}")
    seen, address = [], reverse("campaigns:campaigns")
    while address:
        page = marketing.get(address).content.decode()
        seen += re.findall(r">(N\d\d)</a>", page)
        found = re.search(r'rel="next"\s+href="([^"]+)"', page)
        address = reverse("campaigns:campaigns") + found[1].replace("&amp;", "&") if found else None
    assert seen == [f"N{number:02d}" for number in reversed(range(60))]


def test_list_is_found_by_name_without_marks_and_filtered_by_view(marketing):
    world.campaign(name="Trà mới tháng mười")
    world.launched(name="Quà Tết")
    found = marketing.get(reverse("campaigns:campaigns"), {"q": "tra moi"}).content.decode()
    assert "Trà mới tháng mười" in found
    assert "Quà Tết" not in found
    drafts = marketing.get(reverse("campaigns:campaigns"), {"view": "drafts"}).content.decode()
    assert "Quà Tết" not in drafts


def test_list_without_campaigns_says_what_they_are_for(marketing):
    assert "No campaign yet" in marketing.get(reverse("campaigns:campaigns")).content.decode()


# A draft


def test_new_campaign_begins_with_a_letter_in_the_chosen_language(marketing):
    everyone = world.segment()
    response = marketing.post(
        reverse("campaigns:new"),
        {"name": "Tết", "segment": everyone.pk, "held_out": "10", "window_days": 7, "language": "vi"},
    )
    made = Campaign.objects.get()
    assert response.url == url("message", made)
    assert made.subject.endswith("ơi, hàng mới đã về")
    assert made.holdout_share == Decimal("0.1")
    assert made.created_by.name == "Marketing"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_letters_to_start_from_have_neither_errors_nor_warnings(marketing, language):
    everyone = world.segment()
    world.customer("Nguyễn Thị Hồng Ánh", segment=everyone)
    marketing.post(
        reverse("campaigns:new"),
        {"name": "Tết", "segment": everyone.pk, "held_out": "10", "window_days": 7, "language": language},
    )
    page = marketing.get(url("message", Campaign.objects.get())).content.decode()
    assert "r-notice" not in page
    assert "[QC] Ánh ơi" in page or "[QC] New in the shop, Ánh" in page


def test_hold_out_of_more_than_half_is_refused(marketing):
    everyone = world.segment()
    response = marketing.post(
        reverse("campaigns:new"),
        {"name": "x", "segment": everyone.pk, "held_out": "60", "window_days": 7, "language": "vi"},
    )
    assert response.status_code == 422
    assert not Campaign.objects.exists()


def test_message_with_an_unknown_placeholder_is_not_saved(marketing):
    draft = world.campaign()
    mjml = draft.mjml.replace("customer.name", "customer.nmae")
    response = marketing.post(url("message", draft), {"subject": "Tea", "mjml": mjml})
    assert response.status_code == 422
    assert "Did you mean {{ customer.name }}?" in errors_in(response)
    draft.refresh_from_db()
    assert (draft.subject, draft.mjml) == ("New tea", world.MJML)


def test_what_is_typed_is_saved_and_answered_with_the_state_alone(marketing):
    draft = world.campaign()
    world.customer("Lan")
    response = marketing.post(
        url("message", draft), {"subject": "Hi {{ customer.first_name }}", "mjml": draft.mjml}, HTTP_HX_REQUEST="true"
    )
    assert "<html" not in response.content.decode()
    assert "Some customers have no value for {{ customer.first_name }}" in errors_in(response)
    assert "[QC] Hi Lan" in response.content.decode()
    draft.refresh_from_db()
    assert draft.subject == "Hi {{ customer.first_name }}"


def test_letter_is_shown_as_any_customer_in_a_frame_where_nothing_runs(marketing):
    draft = world.campaign()
    person = world.customer('<script>alert("x")</script>')
    response = marketing.get(url("letter", draft, person.public_id))
    policy_ = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy_
    assert "sandbox" in policy_
    assert "allow-scripts" not in policy_
    assert "allow-same-origin" not in policy_
    assert "script-src" not in policy_
    assert "<script" not in response.content.decode()
    assert "https://shop.example/tea" in response.content.decode()


def test_customers_to_see_it_as_are_found_while_typing(marketing):
    draft = world.campaign()
    world.customer("Nguyễn Thị Hồng Ánh")
    world.customer("Emily")
    hits = marketing.get(url("find_customer", draft), {"q": "hong anh"}).content.decode()
    assert "Hồng Ánh" in hits
    assert "Emily" not in hits


def test_test_goes_to_oneself_filled_as_the_chosen_customer_and_counts_nowhere(marketing, smtp_server):
    draft = world.campaign(subject="Tea for {{ customer.name }}")
    person = world.customer("Hồng Ánh")
    marketing.post(url("test", draft), {"to": "me@shop.example", "as": person.public_id})
    (received,) = smtp_server.messages
    mail = message_from_bytes(received.raw, policy=policy.default)
    assert received.recipients == ["me@shop.example"]
    assert mail["subject"] == "Test: [QC] Tea for Hồng Ánh"
    html = mail.get_body(("html",)).get_content()
    assert "https://shop.example/tea" in html
    assert "/t/" not in html
    assert "Hello Hồng Ánh" in mail.get_body(("plain",)).get_content()
    assert not Delivery.objects.exists()


def test_mail_server_that_is_away_is_said(marketing, smtp_server, settings):
    settings.EMAIL_PORT = 9
    draft, person = world.campaign(), world.customer()
    response = marketing.post(url("test", draft), {"to": "me@shop.example", "as": person.public_id}, follow=True)
    assert "The mail server did not take the test" in response.content.decode()


def test_copy_is_a_draft_with_the_same_message(marketing):
    sent = world.launched(name="Winter teas", subject="Warm")
    marketing.post(url("copy", sent))
    draft = Campaign.objects.get(state=CampaignState.DRAFT)
    assert (draft.name, draft.subject, draft.mjml) == ("Winter teas, again", "Warm", sent.mjml)


def test_only_drafts_are_deleted_or_changed(marketing):
    draft, sent = world.campaign(), world.launched()
    marketing.post(url("delete", draft))
    assert not Campaign.objects.filter(pk=draft.pk).exists()
    assert marketing.post(url("delete", sent)).status_code == 404
    assert marketing.post(url("message", sent), {"subject": "x", "mjml": sent.mjml}).status_code == 404
    assert marketing.get(url("audience", sent)).status_code == 404


# Check list and launch


def test_check_list_counts_who_would_get_it_and_why_others_do_not(marketing):
    everyone = world.segment()
    people = [world.customer(f"C{number}", segment=everyone) for number in range(20)]
    world.customer(segment=everyone, consent=False)
    world.customer(segment=everyone, email="")
    world.customer(segment=everyone, email=people[0].email.upper())
    draft = world.campaign(everyone)
    page = errors_in(marketing.get(url("check", draft)))
    assert re.findall(r'r-equation-value">([^<]+)<', page) == ["23", "3", "2", "18"]
    assert "They have not agreed to it" in page
    assert "Another customer with the same address is written to" in page
    assert "[QC] is put before the subject" in page


def test_nobody_to_write_to_keeps_it_from_being_launched(marketing):
    everyone = world.segment()
    world.customer(segment=everyone, consent=False)
    draft = world.campaign(everyone)
    page = marketing.get(url("check", draft)).content.decode()
    assert "Nobody would receive it" in page
    assert marketing.post(url("launch", draft)).status_code == 422
    draft.refresh_from_db()
    assert draft.state == CampaignState.DRAFT


def test_sending_that_is_held_keeps_it_from_being_launched(marketing):
    Shop.objects.update(sending_held=True)
    everyone = world.segment()
    world.customer(segment=everyone)
    draft = world.campaign(everyone)
    assert "Sending is held" in marketing.get(url("check", draft)).content.decode()
    assert marketing.post(url("launch", draft)).status_code == 422


def test_label_is_no_matter_where_no_rules_ask_for_it(marketing):
    Shop.objects.update(advertising_rules=AdvertisingRules.NONE)
    assert "[QC]" not in marketing.get(url("check", world.campaign())).content.decode()


def test_launch_freezes_the_audience_as_the_check_list_said(marketing):
    everyone = world.segment()
    for number in range(20):
        world.customer(f"C{number}", segment=everyone)
    world.customer(segment=everyone, consent=False)
    draft = world.campaign(everyone)
    response = marketing.post(url("launch", draft))
    assert response.url == url("sending", draft)
    draft.refresh_from_db()
    assert draft.state == CampaignState.SENDING
    states = list(draft.deliveries.values_list("state", flat=True))
    assert (states.count("queued"), states.count("held_out"), states.count("left_out")) == (18, 2, 1)
    assert marketing.post(url("launch", draft)).status_code == 404


# While it goes out, and afterwards


def running(**fields):
    sent = world.launched(days_ago=0.001)
    Campaign.objects.filter(pk=sent.pk).update(state=CampaignState.SENDING, **fields)
    sent.refresh_from_db()
    world.delivery(sent, world.customer("Sent Sandy"), sent_at=timezone.now())
    world.delivery(sent, world.customer(), DeliveryState.QUEUED)
    world.delivery(
        sent, world.customer("Failed Fred"), DeliveryState.FAILED, reason="unknown_address", detail="550 5.1.1 no"
    )
    world.delivery(sent, world.customer(), DeliveryState.IN_DOUBT, reason="worker_lost")
    world.delivery(sent, world.customer(), DeliveryState.HELD_OUT)
    world.delivery(sent, world.customer(), DeliveryState.LEFT_OUT, reason="no_consent")
    return sent


def test_progress_page_says_where_everyone_is_and_asks_again(marketing, django_assert_max_num_queries):
    sent = running()
    with django_assert_max_num_queries(20):
        page = errors_in(marketing.get(url("sending", sent)))
    assert "Where all 5 are" in page
    assert "of 4 handled" in page
    assert "75 %" in page.replace("\xa0", " ")
    assert 'hx-trigger="every 2s"' in page
    assert "550 5.1.1 no" in page
    assert "1 mail is in doubt" in page
    part = marketing.get(url("sending", sent), HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert 'id="progress"' in part


def test_no_progress_for_two_minutes_is_an_alarm(marketing):
    quiet = running(progress_at=timezone.now() - timedelta(minutes=3))
    assert "No progress for 2 minutes" in marketing.get(url("sending", quiet)).content.decode()
    busy = running(progress_at=timezone.now() - timedelta(minutes=1))
    assert "No progress for 2 minutes" not in marketing.get(url("sending", busy)).content.decode()


def test_pause_resume_and_stop(marketing):
    sent = running()

    def state():
        sent.refresh_from_db()
        return sent.state

    marketing.post(url("pause", sent))
    assert state() == CampaignState.PAUSED
    assert "Paused" in marketing.get(url("sending", sent)).content.decode()
    marketing.post(url("resume", sent))
    assert state() == CampaignState.SENDING
    marketing.post(url("cancel", sent))
    assert state() == CampaignState.CANCELLED
    assert "1 are cancelled and were told nothing" in marketing.get(url("sending", sent)).content.decode()


def test_in_doubt_are_sent_again_when_somebody_asks(marketing):
    sent = running()
    marketing.post(url("resend", sent))
    assert not sent.deliveries.filter(state=DeliveryState.IN_DOUBT).exists()
    assert sent.deliveries.filter(state=DeliveryState.QUEUED).count() == 2


def test_result_page_shows_reasons_lift_and_the_table_behind_the_chart(marketing, django_assert_max_num_queries):
    sent = world.launched(days_ago=9)
    person, held_out = world.customer(), world.customer()
    world.delivery(sent, person, clicked_at=sent.launched_at)
    world.delivery(sent, held_out, DeliveryState.HELD_OUT)
    world.delivery(sent, world.customer(), DeliveryState.FAILED, reason="mailbox_full")
    world.delivery(sent, world.customer(), DeliveryState.SKIPPED, reason="suppressed")
    world.delivery(sent, world.customer(), DeliveryState.LEFT_OUT, reason="no_consent")
    world.order(person, sent.launched_at + timedelta(days=1), 500_000)
    results.refresh_due()
    with django_assert_max_num_queries(20):
        page = errors_in(marketing.get(url("result", sent)))
    assert "1 of 3 ordered" in page
    assert "0 of 1 ordered" in page
    assert "The mailbox is full" in page
    assert "?view=left_out&amp;reason=no_consent" in page
    assert "too few buyers" in page
    lines = marketing.get(url("result_csv", sent)).content.decode().splitlines()
    assert len(lines) == 1 + 7
    assert lines[2].endswith(",1,0,1,0")


def test_result_of_a_campaign_without_audience_says_so(marketing):
    sent = world.launched()
    world.delivery(sent, world.customer(), DeliveryState.LEFT_OUT, reason="no_consent")
    assert "Nobody was in the audience" in marketing.get(url("result", sent)).content.decode()


def test_people_are_listed_by_what_became_of_them(marketing, django_assert_max_num_queries):
    sent = running()
    for number in range(60):
        world.delivery(sent, world.customer(f"P{number:02d}"), opened_at=timezone.now())
    with django_assert_max_num_queries(12):
        page = marketing.get(url("people", sent)).content.decode()
    assert page.count("<tr>") == 51
    failed = marketing.get(url("people", sent), {"view": "failed"}).content.decode()
    assert "Failed Fred" in failed
    assert "The address does not exist" in failed
    assert "Sent Sandy" not in failed
    left_out = marketing.get(url("people", sent), {"view": "left_out", "reason": "no_consent"}).content.decode()
    assert "They have not agreed to it" in left_out
    assert left_out.count("<tr>") == 2


def test_people_are_paged_without_losing_or_doubling_anyone(marketing):
    sent = world.launched()
    for number in range(120):
        world.delivery(sent, world.customer(f"P{number:03d}"))
    seen, address = [], url("people", sent)
    while address:
        page = marketing.get(address).content.decode()
        seen += re.findall(r">(P\d{3})</a>", page)
        found = re.search(r'rel="next"\s+href="([^"]+)"', page)
        address = url("people", sent) + found[1].replace("&amp;", "&") if found else None
    assert seen == [f"P{number:03d}" for number in range(120)]


def test_csv_of_people_holds_all_and_no_formula(marketing):
    sent = world.launched()
    world.delivery(sent, world.customer("=cmd|'/c calc'!A0", email="=1+1@example.vn"))
    for _ in range(70):
        world.delivery(sent, world.customer())
    lines = b"".join(marketing.get(url("people_csv", sent)).streaming_content).decode().splitlines()
    assert len(lines) == 72
    assert "'=cmd" in lines[1]
    assert ",'=1+1@" in lines[1]


def test_campaign_leads_to_the_page_of_its_state(marketing):
    draft, sent, going = world.campaign(), world.launched(), running()
    assert marketing.get(draft.get_absolute_url()).url == url("message", draft)
    assert marketing.get(sent.get_absolute_url()).url == url("result", sent)
    assert marketing.get(going.get_absolute_url()).url == url("sending", going)


def test_sales_see_campaigns_and_change_none(client):
    client.force_login(world.staff(Role.SALES))
    draft, sent = world.campaign(), world.launched()
    world.delivery(sent, world.customer())
    page = client.get(draft.get_absolute_url(), follow=True)
    assert page.status_code == 200
    assert "Send to" not in page.content.decode()
    assert client.get(url("result", sent)).status_code == 200
    assert client.get(url("people_csv", sent)).status_code == 403
    for name in ("message", "audience"):
        assert client.get(url(name, draft)).status_code == 403
    for name in ("launch", "delete", "copy", "test", "pause", "resume", "cancel", "resend"):
        assert client.post(url(name, sent)).status_code == 403


def test_support_sees_no_campaign(client):
    client.force_login(world.staff(Role.SUPPORT))
    assert client.get(reverse("campaigns:campaigns")).status_code == 403
    assert client.get(url("result", world.launched())).status_code == 403


def test_unknown_campaigns_are_not_found(marketing):
    assert marketing.get(reverse("campaigns:result", args=[uuid4()])).status_code == 404
    assert marketing.get(url("sending", world.campaign())).status_code == 404


# On other pages


def test_customer_page_shows_campaigns_with_answer_or_reason(marketing):
    person = world.customer("Lan")
    world.delivery(world.launched(name="Clicked one"), person, clicked_at=timezone.now())
    world.delivery(world.launched(name="Left out one"), person, DeliveryState.LEFT_OUT, reason="no_consent")
    page = errors_in(marketing.get(Customer.objects.get(pk=person.pk).get_absolute_url()))
    panel = page[page.index('id="panel-campaigns"') :]
    assert "Clicked one" in panel
    assert "Left out one" in panel
    assert "they have not agreed to it" in panel


def test_search_finds_campaigns_without_marks(marketing):
    world.campaign(name="Trà mới tháng mười")
    assert "Trà mới tháng mười" in marketing.get(reverse("crm:search"), {"q": "tra moi"}).content.decode()
