"""From the launch to the accounts: who is written to, once, and what becomes of each mail."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from campaigns.models import Campaign, CampaignState, Delivery, Link
from campaigns.sending import control
from campaigns.sending.accounts import accounts
from campaigns.sending.claim import claim, place, question
from crm import consent
from crm.channels import Channel
from crm.models import Customer, Due, Event, Shop, Suppression
from crm.models.shop import AdvertisingRules
from tests.campaigns.sending_world import campaign, customer, launch, send, states

pytestmark = pytest.mark.django_db


def adds_up(of: Campaign) -> bool:
    a = accounts(of)
    return a.audience == a.held_out + a.sent + a.failed + a.skipped + a.in_doubt + a.cancelled + a.open


# The launch


def test_launch_queues_who_agreed_and_leaves_out_the_others_with_the_reason(smtp_server):
    lan, minh = customer("Lan"), customer("Minh", agreed=False)
    nobody, odd, dead = customer(email=""), customer(email="Lan <lan@example.vn>"), customer(email="Dead@Example.vn")
    Suppression.objects.create(channel=Channel.EMAIL, address="dead@example.vn", reason="bounced")
    assert states(launch(campaign())) == {
        lan.pk: "queued",
        minh.pk: "left_out: no_consent",
        nobody.pk: "left_out: no_address",
        odd.pk: "left_out: bad_address",
        dead.pk: "left_out: suppressed",
    }


def test_of_customers_with_one_address_the_lowest_id_is_written_to(smtp_server):
    first, second, third = (
        customer(email="An@Example.vn"),
        customer(email="an@example.vn"),
        customer(agreed=False, email="an@example.vn"),
    )
    found = states(launch(campaign()))
    assert found == {first.pk: "queued", second.pk: "left_out: same_address", third.pk: "left_out: no_consent"}


def test_hold_out_is_the_floor_of_the_share_of_those_who_could_be_reached(smtp_server):
    for _number in range(27):
        customer()
    for _number in range(10):
        customer(agreed=False)
    launched = launch(campaign(share="0.100"))
    assert accounts(launched).held_out == 2
    assert accounts(launched).audience == 27
    assert accounts(launched).left_out_by_reason == {"no_consent": 10}


def test_two_campaigns_hold_out_different_customers(smtp_server):
    for _number in range(60):
        customer()
    held = [
        set(
            Delivery.objects.filter(campaign=launch(campaign(share="0.5")), state="held_out").values_list(
                "customer", flat=True
            )
        )
        for _number in range(2)
    ]
    assert len(held[0]) == len(held[1]) == 30
    assert held[0] != held[1]


def test_a_campaign_is_launched_once(smtp_server):
    customer()
    launched = launch(campaign())
    with pytest.raises(ValidationError, match="already"):
        launch(launched)
    assert launched.state == CampaignState.SENDING
    assert Delivery.objects.count() == 1


def test_nothing_is_launched_claimed_or_resumed_while_sending_is_held(smtp_server):
    customer()
    launched = launch(campaign())
    Shop.objects.update(sending_held=True)
    assert claim(launched.pk, "w", question()) is None
    send(launched)
    assert accounts(launched).open == 1
    with pytest.raises(ValidationError, match="held"):
        launch(campaign())
    control.pause(launched)
    with pytest.raises(ValidationError, match="held"):
        control.resume(launched)


def test_links_are_fixed_by_the_launch_in_their_order(smtp_server):
    customer()
    links = Link.objects.filter(campaign=launch(campaign())).order_by("position").values_list("position", "url")
    assert list(links) == [
        (1, "https://shop.example/new?a=1&b=trà"),
        (2, "https://shop.example/old"),
        (3, "https://shop.example/sale"),
    ]


def test_a_fourth_mail_within_24_hours_is_left_out_under_the_rules_of_vietnam(smtp_server):
    lan = customer()
    for _number in range(3):
        send(launch(campaign()))
    assert len(smtp_server.messages) == 3
    assert states(launch(campaign())) == {lan.pk: "left_out: three_a_day"}
    Delivery.objects.update(sent_at=timezone.now() - timedelta(hours=25))
    assert states(launch(campaign())) == {lan.pk: "queued"}
    Delivery.objects.update(sent_at=timezone.now())
    Shop.objects.update(advertising_rules=AdvertisingRules.NONE)
    assert states(launch(campaign())) == {lan.pk: "queued"}


# The mail


def test_the_mail_has_what_mail_programs_and_rules_ask_for(smtp_server, settings):
    settings.PUBLIC_URL = "https://tra.example"
    Shop.objects.update(name="Trà Mộc", sender_email="shop@tra.example", language="vi", postal_address="18 Hàng Điếu")
    customer("Nguyễn Thị\r\nBcc: all@example.vn Lan", "lan@example.vn")
    send(launch(campaign("Trà mới cho {{ customer.first_name }}")))
    (received,) = smtp_server.messages
    mail = received.message
    assert received.recipients == ["lan@example.vn"]
    assert received.sender == "shop@tra.example"
    assert mail["Subject"] == "[QC] Trà mới cho Lan"
    assert mail["From"] == "Trà Mộc <shop@tra.example>"
    assert mail["To"] == '"Nguyễn Thị Bcc: all@example.vn Lan" <lan@example.vn>'
    assert mail["Bcc"] is None
    assert re.fullmatch(r"<https://tra\.example/u/[\w-]{30}>", mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == "Trà Mộc <campaigns.tra.example>"
    assert re.fullmatch(r"<[\w-]{30}@tra\.example>", mail["Message-ID"])
    assert mail["Date"].datetime > timezone.now() - timedelta(minutes=1)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    text, html = (part.get_content() for part in mail.iter_parts())
    for part in (text, html):
        assert "Chào Lan" in part
        assert "18 Hàng Điếu" in part
        assert len(re.findall(r"https://tra\.example/t/c/[\w-]{30}", part)) == 3
        assert mail["List-Unsubscribe"].strip("<>") in part
    assert re.search(r'<img src="https://tra\.example/t/o/[\w-]{30}\.gif"', html)
    assert re.search(r'<a href="https://tra\.example/t/h/[\w-]{30}" style="display:none"', html)
    assert received.raw.isascii()
    assert max(map(len, received.raw.split(b"\r\n"))) <= 78
    assert b"\n" not in received.raw.replace(b"\r\n", b"")


def test_a_subject_that_has_its_label_gets_no_second_one(smtp_server):
    customer()
    send(launch(campaign("[QC] Trà mới")))
    assert smtp_server.messages[0].message["Subject"] == "[QC] Trà mới"


def test_lines_that_begin_with_a_dot_arrive_whole(smtp_server):
    customer("…", "dots@example.vn")
    mjml = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>"
        + ".a " * 500
        + "</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    send(launch(campaign(mjml=mjml)))
    html = smtp_server.messages[0].message.get_body(("html",)).get_content()
    assert (".a " * 500).strip() in html


def test_the_message_id_is_the_same_when_a_mail_goes_out_again(smtp_server):
    customer()
    launched = send(launch(campaign()))
    Delivery.objects.update(state="in_doubt", sent_at=None)
    assert control.resend_in_doubt(launched) == 1
    send(launched)
    first, again = smtp_server.messages
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert states(launched) == {Delivery.objects.get().customer_id: "sent"}


# What the server says


def test_everything_sent_finishes_the_campaign_with_events_and_due_customers(smtp_server):
    customers = [customer() for _number in range(120)]
    Due.objects.all().delete()
    launched = send(launch(campaign()))
    assert launched.state == CampaignState.FINISHED
    assert sorted(r for m in smtp_server.messages for r in m.recipients) == sorted(c.email for c in customers)
    assert accounts(launched).sent == 120
    assert Event.objects.filter(kind="mail_sent").count() == 120
    assert Due.objects.count() == 120
    assert Event.objects.filter(kind="mail_sent").first().properties == {"campaign": "Tết"}


def test_an_address_that_does_not_exist_fails_and_is_never_written_to_again(smtp_server):
    gone, full, there = customer(email="gone@example.vn"), customer(email="full@example.vn"), customer()
    smtp_server.refuse = {"gone@example.vn": "550 5.1.1 no such user", "full@example.vn": "552 5.2.2 mailbox full"}
    launched = send(launch(campaign()))
    assert states(launched) == {gone.pk: "failed: unknown_address", full.pk: "failed: mailbox_full", there.pk: "sent"}
    assert launched.state == CampaignState.FINISHED
    assert list(Suppression.objects.values_list("address", "reason")) == [("gone@example.vn", "bounced")]
    assert states(launch(campaign()))[gone.pk] == "left_out: suppressed"
    assert adds_up(launched)


def test_a_refusal_of_us_pauses_the_campaign_and_is_held_against_nobody(smtp_server):
    first, second = customer(email="first@example.vn"), customer(email="second@example.vn")
    smtp_server.refuse = {"first@example.vn": "550 5.7.1 blocked, see our page"}
    launched = send(launch(campaign()))
    assert launched.state == CampaignState.PAUSED
    assert "5.7.1 blocked" in launched.trouble
    assert states(launched) == {first.pk: "queued", second.pk: "queued"}
    assert not Suppression.objects.exists()
    # Once resumed, it can hold up nobody but its recipient.
    control.resume(launched)
    Delivery.objects.update(lease=None)
    send(launched)
    assert states(launched) == {first.pk: "failed: refused", second.pk: "sent"}


def test_a_refusal_of_us_pauses_the_campaign_after_the_server_put_everybody_off_too(smtp_server):
    first, second = customer(email="first@example.vn"), customer(email="second@example.vn")
    smtp_server.refuse = dict.fromkeys((first.email, second.email), "451 4.7.1 greylisted")
    launched = send(launch(campaign()))
    smtp_server.refuse = dict.fromkeys((first.email, second.email), "550 5.7.1 blocked, see our page")
    Delivery.objects.update(lease=None)
    assert send(launched).state == CampaignState.PAUSED
    assert states(launched) == {first.pk: "queued", second.pk: "queued"}


def test_a_mail_that_is_put_off_is_tried_again_three_times_and_then_given_up(smtp_server):
    late, there = customer(email="late@example.vn"), customer()
    smtp_server.refuse = {"late@example.vn": "451 4.7.1 greylisted"}
    launched = send(launch(campaign()))
    assert states(launched) == {late.pk: "queued", there.pk: "sent"}
    assert Delivery.objects.get(customer=late).lease > timezone.now() + timedelta(seconds=50)
    for _try in range(3):
        assert launched.state == CampaignState.SENDING
        Delivery.objects.filter(customer=late).update(lease=timezone.now() - timedelta(hours=1))
        send(launched)
    assert states(launched) == {late.pk: "failed: not_taken", there.pk: "sent"}
    assert launched.state == CampaignState.FINISHED


def test_a_mail_server_that_is_away_is_told_and_the_queue_waits(smtp_server, settings):
    customer()
    settings.EMAIL_PORT = 1
    launched = send(launch(campaign()))
    assert "cannot be reached" in launched.trouble
    assert accounts(launched).open == 1
    settings.EMAIL_PORT = smtp_server.port
    send(launched)
    assert launched.trouble == ""
    assert launched.state == CampaignState.FINISHED


# Asked again at the claim


def test_who_withdrew_between_launch_and_claim_is_skipped(smtp_server):
    left, moved, stays = customer(), customer(email="old@example.vn"), customer()
    launched = launch(campaign())
    consent.withdraw(left, Channel.EMAIL, source="test")
    Customer.objects.filter(pk=moved.pk).update(email="new@example.vn")
    send(launched)
    assert states(launched) == {left.pk: "skipped: no_consent", moved.pk: "skipped: other_address", stays.pk: "sent"}
    assert accounts(launched).skipped_by_reason == {"no_consent": 1, "other_address": 1}
    assert adds_up(launched)


# Pause, resume, cancel, workers that die


def test_a_paused_campaign_sends_nothing_until_it_is_resumed(smtp_server):
    customer()
    launched = launch(campaign())
    control.pause(launched)
    send(launched)
    assert smtp_server.messages == []
    control.resume(launched)
    send(launched)
    assert len(smtp_server.messages) == 1


def test_cancelling_leaves_the_sent_sent_and_cancels_the_rest(smtp_server):
    for _number in range(60):
        customer()
    launched = launch(campaign())
    claimed = claim(launched.pk, "w", question())
    control.cancel(launched)
    send(launched)
    assert accounts(launched).cancelled == 10
    assert accounts(launched).open == len(claimed) == 50
    assert smtp_server.messages == []


def test_what_a_dead_worker_held_is_in_doubt_and_goes_out_again_only_when_somebody_says_so(smtp_server):
    for _number in range(60):
        customer()
    launched = launch(campaign())
    claim(launched.pk, "dead", question())
    send(launched)
    assert accounts(launched).sent == 10
    assert launched.state == CampaignState.SENDING
    Delivery.objects.filter(state="sending").update(lease=timezone.now() - timedelta(seconds=1))
    control.look_after_campaigns()
    launched.refresh_from_db()
    assert accounts(launched).in_doubt == 50
    assert launched.state == CampaignState.FINISHED
    assert len(smtp_server.messages) == 10
    assert control.resend_in_doubt(launched) == 50
    send(launched)
    assert accounts(launched).sent == 60
    assert adds_up(launched)


def test_what_is_in_doubt_of_a_cancelled_campaign_stays_so(smtp_server):
    customer()
    launched = launch(campaign())
    Delivery.objects.update(state="in_doubt")
    control.cancel(launched)
    assert control.resend_in_doubt(launched) == 0
    assert accounts(launched).in_doubt == 1
    assert accounts(launched).open == 0


def test_two_workers_claim_different_deliveries_and_a_third_finds_no_place(smtp_server, transactional_db):
    for _number in range(60):
        customer()
    launched = launch(campaign())
    first, second = claim(launched.pk, "a", question()), claim(launched.pk, "b", question())
    assert len(first) == 50
    assert len(second) == 10
    assert not {each.id for each in first} & {each.id for each in second}
    with place(launched.pk) as one:
        assert one


def test_a_campaign_without_progress_for_two_minutes_raises_the_alarm(smtp_server):
    customer()
    launched = launch(campaign())
    control.look_after_campaigns()
    launched.refresh_from_db()
    assert launched.trouble == ""
    Campaign.objects.update(progress_at=timezone.now() - timedelta(minutes=3))
    control.look_after_campaigns()
    launched.refresh_from_db()
    assert "worker" in launched.trouble


@pytest.mark.celery
def test_a_worker_process_sends_a_launched_campaign(smtp_server, celery_worker, wait_until):
    for _number in range(70):
        customer()
    launched = launch(campaign())
    wait_until(lambda: Campaign.objects.get(pk=launched.pk).state == CampaignState.FINISHED, 20, "the campaign's end")
    assert len(smtp_server.messages) == 70
    assert accounts(launched).sent == 70
