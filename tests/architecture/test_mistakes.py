"""The mistakes of the applications that RadLens replaces, each with the tests that hold it off.

This file keeps the list honest: a test that is named here has to exist.
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

MISTAKES = {
    "training that sleeps, scores that are drawn or typed in": [
        "test_training_learns_what_brightness_says",
        "test_the_same_seed_gives_the_same_weights_and_another_seed_others",
        "test_no_page_report_or_command_holds_a_typed_metric",
        "test_no_document_holds_a_typed_metric",
        "test_a_shipped_card_says_what_its_manifest_says",
        "test_a_run_can_be_reproduced_bit_for_bit",
        "test_the_bundle_is_one_that_serving_opens_and_the_card_holds_its_figures",
    ],
    "a mock heat map, of another class, with red and blue swapped, failing silently": [
        "test_evidence_is_grad_cam_and_averages_to_the_logits",
        "test_the_heat_map_is_that_of_the_label_that_was_asked_for",
        "test_the_heat_map_is_the_right_labels_even_when_the_card_has_another_order",
        "test_red_is_where_the_evidence_is_and_nowhere_else",
        "test_labels_have_different_heat_maps",
        "test_labels_in_another_order_are_refused",
        "test_evidence_that_is_no_number_is_not_assessable",
    ],
    "a prediction logged at every rerun, a result shown although its record failed": [
        "test_an_upload_is_one_record_however_often_the_page_runs",
        "test_leaving_the_page_and_a_reload_make_no_second_record_and_lose_nothing",
        "test_no_record_no_answer",
        "test_nothing_is_shown_as_a_result_when_it_could_not_be_recorded",
        "test_without_its_audit_entry_a_prediction_is_not_recorded",
    ],
    "public images, PNG bytes called JPEG": [
        "test_the_default_is_loopback_only",
        "test_objects_and_their_folders_are_private",
        "test_a_png_is_a_png_and_a_jpeg_a_jpeg",
        "test_nothing_of_an_uploads_text_is_stored",
    ],
    "one shared plain password, admin pages open by URL, CORS for everybody": [
        "test_every_route_has_a_row_and_every_row_a_route",
        "test_a_request_is_let_in_exactly_where_the_table_says_so",
        "test_a_viewer_who_opens_a_page_of_others_sees_a_refusal_and_leaves_an_entry",
        "test_no_other_site_is_told_that_it_may_read",
        "test_no_password_or_key_is_in_the_audit_log_or_in_a_repr",
    ],
    "untrusted pickles, no digest, labels and preprocessing apart from the weights": [
        "test_a_pickle_that_runs_code_is_refused_and_does_not_run",
        "test_one_changed_byte_in_any_part_is_refused",
        "test_a_foreign_part_such_as_a_pickle_is_refused",
        "test_training_sees_what_serving_sees",
        "test_no_pickle_and_no_shell_is_used_in_the_product",
    ],
    "16 bits clipped to white, MONOCHROME1 not inverted, NaN as no finding, a photo diseased": [
        "test_what_is_plainly_no_such_image_is_refused_even_without_a_gate",
        "test_an_image_that_is_unlike_all_others_is_refused_and_nothing_is_kept",
        "test_images_of_other_kinds_are_refused",
        "test_a_photo_gets_no_findings_on_the_page",
        "test_grey_of_16_bits_is_not_clipped_to_white",
        "test_a_monochrome1_image_is_shown_with_bone_bright",
        "test_an_answer_that_is_no_number_is_never_no_finding",
        "test_the_same_content_gives_the_same_tensor_whatever_its_encoding",
    ],
    "reassurance, an uncalibrated 80 % called fit for screening, urgency by default": [
        "test_the_wording_never_says_that_nothing_is_wrong",
        "test_no_findings_of_any_card_lead_to_a_forbidden_phrase",
        "test_nothing_reported_is_never_called_normal",
        "test_an_uncalibrated_probability_is_never_high",
        "test_a_card_that_does_not_hold_together_is_refused",
    ],
    "errors as HTTP 500 or swallowed, state in memory": [
        "test_what_cannot_be_answered_says_why_and_is_not_kept",
        "test_no_request_gets_a_server_error_or_an_error_of_another_shape",
        "test_nothing_broad_is_caught_and_swallowed",
        "test_history_survives_a_restart",
        "test_whatever_was_acknowledged_before_a_kill_is_on_record",
    ],
    "accuracy quoted from the best validation epoch": [
        "test_a_shipped_bundle_is_as_good_as_is_said_and_the_card_says_so_with_an_interval",
        "test_what_repeats_a_kept_split_is_dropped_and_listed",
        "test_a_group_of_near_duplicates_is_never_divided",
    ],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_that_must_not_come_back_is_held_off_by_tests_that_exist(mistake: str) -> None:
    written = "\n".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", written))
    assert set(MISTAKES[mistake]) <= there
