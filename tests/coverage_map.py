"""Every item that the course must contain, where its chapter treats it, and the tests that hold it.

An item is *covered* when it names the sections of a chapter (file#heading) and tests (file::function); until then it
is *planned* for the chapter whose number stands here. Items marked live also need an explorable in one of their
sections. `test_coverage_map.py` fails when something that is named does not exist.
"""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    title: str
    chapter: int | str
    live: bool = False
    tests: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    @property
    def covered(self) -> bool:
        return bool(self.sections)


RISK = "01-empirical-risk-minimisation.ipynb"
NETWORKS = "02-networks.ipynb"
ACTIVATIONS = "03-activations.ipynb"
BACK_PROPAGATION = "04-back-propagation.ipynb"
AUTOMATIC_DIFFERENTIATION = "05-automatic-differentiation.ipynb"
GRADIENT_DESCENT = "06-gradient-descent.ipynb"
MOMENTUM = "07-momentum.ipynb"
SCHEDULES = "09-schedules.ipynb"
ADAPTIVE = "08-adaptive-methods.ipynb"
LOSS_LANDSCAPES = "10-loss-landscapes.ipynb"
MODEL_SELECTION = "14-model-selection.ipynb"
NEWTON = "11-newton.ipynb"
BETWEEN = "12-between-first-and-second-order.ipynb"
REGULARISATION = "13-initialisation-and-regularisation.ipynb"
CAPSTONE = "15-capstone.ipynb"


def optim(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_optim.py::{name}" for name in names)


def adaptive(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_adaptive.py::{name}" for name in names)


def training(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_training.py::{name}" for name in names)


def by_hand(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_back_propagation.py::{name}" for name in names)


def engine(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/autodiff/test_{file}.py::{name}" for name in names)


def differentiation(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_automatic_differentiation.py::{name}" for name in names)


def networks(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/nn/test_{file}.py::{name}" for name in names)


def fitting(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/training/test_{file}.py::{name}" for name in names)


def second_order(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/optim_second/test_{file}.py::{name}" for name in names)


def landscape_exercises(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_landscape_exercises.py::{name}" for name in names)


def explorable(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_live_{file}.py::{name}" for name in names)


def sections(file: str, *headings: str) -> tuple[str, ...]:
    return tuple(f"chapters/{file}#{heading}" for heading in headings)


ITEMS: dict[str, Item] = {
    # Empirical risk minimisation
    "A1": Item(
        "Regularised empirical risk",
        1,
        tests=networks("losses", "test_regularisers_see_weights_and_never_biases"),
        sections=sections(RISK, "Risk, and the part of it that we can see", "Regularised risk"),
    ),
    "A2": Item(
        "Surrogates for the 0/1 loss",
        1,
        tests=networks("losses", "test_hinge_and_cross_entropy_bound_the_zero_one_loss_from_above"),
        sections=sections(RISK, "Why not minimise the error rate itself?"),
    ),
    "A3": Item(
        "Descent example by example; what an epoch is",
        1,
        tests=training("test_an_epoch_shows_every_example_once", "test_the_mean_gradient_of_an_epoch_is_the_full_gradient"),
        sections=sections(RISK, "Downhill, one example at a time"),
    ),
    "A4": Item(
        "Pairs of output and loss",
        1,
        tests=networks("mlp", "test_predictions_go_with_the_task"),
        sections=sections(RISK, "Outputs and losses come in pairs"),
    ),
    "A5": Item(
        "Forward and backward phases",
        1,
        live=True,
        tests=("tests/test_live_trained.py::test_descent_follows_minus_the_gradient",),
        sections=sections(RISK, "Forward, backward, update"),
    ),
    # Networks
    "B1": Item(
        "Layers, width, depth, parameters",
        2,
        tests=networks("mlp", "test_value_and_gradient_equal_pytorch", "test_shapes_sizes_and_layers"),
        sections=sections(NETWORKS, "A layer, and a stack of layers"),
    ),
    "B2": Item(
        "Radial basis function networks",
        2,
        tests=networks("rbf", "test_features_are_the_formula", "test_gradients_equal_finite_differences"),
        sections=sections(NETWORKS, "Bumps that know where they are: radial basis functions"),
    ),
    "B3": Item(
        "Learning centres, widths and weights",
        2,
        live=True,
        tests=networks("rbf", "test_two_steps_of_a_regression_find_the_least_squares", "test_three_steps_go_further_than_two"),
        sections=sections(NETWORKS, "Learning in two steps, or three"),
    ),
    "B4": Item(
        "Universal approximation by RBF networks",
        2,
        tests=networks("rbf", "test_features_are_the_formula"),
        sections=sections(NETWORKS, "Their theorem"),
    ),
    "B5": Item(
        "Universal approximation by one hidden layer",
        2,
        live=True,
        tests=("tests/test_exercises_networks.py::test_a_bump_is_two_steps",),
        sections=sections(
            NETWORKS,
            "Networks",
            "Steps, bumps, and any curve you like",
            "What the theorem says, and what it does not",
            "In two dimensions a bump needs a second layer",
        ),
    ),
    "B6": Item(
        "Why depth",
        2,
        tests=("tests/test_exercises_networks.py::test_folding_doubles_the_pieces",),
        sections=sections(NETWORKS, "Why depth", "And when it is trained?"),
    ),
    "B7": Item(
        "One ReLU layer",
        2,
        tests=networks("mlp", "test_a_relu_layer_is_max_0_of_Wx_plus_b"),
        sections=sections(NETWORKS, "A layer, and a stack of layers"),
    ),
    # Activations
    "C": Item(
        "The catalogue of activations",
        3,
        live=True,
        tests=networks(
            "activations",
            "test_values",
            "test_gradient_check",
            "test_the_derivative_on_paper_is_that_of_the_engine",
            "test_softmax_jacobian",
            "test_maxout_sends_the_gradient_to_the_winner",
        ),
        sections=sections(ACTIVATIONS, "Activations", "The family", "All of them checked", "At ±1000"),
    ),
    "C1": Item(
        "Saturation and vanishing gradients",
        3,
        live=True,
        tests=("tests/test_activation_exercises.py::test_what_depth_does",),
        sections=sections(ACTIVATIONS, "Thirty layers deep"),
    ),
    "C2": Item(
        "Dying ReLU and its relatives",
        3,
        tests=networks("activations", "test_relu_has_slope_0_at_0", "test_prelu_learns_a_slope_for_each_unit"),
        sections=sections(ACTIVATIONS, "Units that die"),
    ),
    "C3": Item(
        "Printed ranges, checked",
        3,
        tests=networks("activations", "test_printed_minima", "test_ranges_are_right_at_both_ends"),
        sections=sections(ACTIVATIONS, "Ranges, put right"),
    ),
    # Back-propagation by hand
    "D1": Item(
        "Gradient at the output",
        4,
        tests=by_hand("test_the_gradient_at_the_output"),
        sections=sections(BACK_PROPAGATION, "The output"),
    ),
    "D2": Item(
        "Gradient at the last pre-activation",
        4,
        tests=by_hand("test_the_gradient_at_the_output"),
        sections=sections(BACK_PROPAGATION, "The output", "Two steps on paper, one in a program"),
    ),
    "D3": Item(
        "The chain rule over several paths",
        4,
        tests=("tests/autodiff/test_graph.py::test_several_paths_add_up_and_no_path_is_zero",),
        sections=sections(BACK_PROPAGATION, "Two paths add up"),
    ),
    "D4": Item(
        "Gradient at a hidden layer",
        4,
        tests=by_hand("test_the_algorithm_of_the_slides"),
        sections=sections(BACK_PROPAGATION, "One layer down"),
    ),
    "D5": Item(
        "Gradient through an activation",
        4,
        tests=networks("activations", "test_the_derivative_on_paper_is_that_of_the_engine"),
        sections=sections(BACK_PROPAGATION, "One layer down", "The slopes of four functions"),
    ),
    "D6": Item(
        "Gradients of weights and biases",
        4,
        tests=by_hand("test_the_algorithm_of_the_slides"),
        sections=sections(BACK_PROPAGATION, "What the parameters get"),
    ),
    "D7": Item(
        "The whole algorithm",
        4,
        tests=by_hand(
            "test_the_algorithm_of_the_slides",
            "test_the_algorithm_of_the_slides_against_pytorch",
            "test_each_suspect_is_wrong_where_the_hunt_says",
        ),
        sections=sections(BACK_PROPAGATION, "The whole algorithm", "Trained on digits", "What it costs", "A bug hunt"),
    ),
    "D8": Item(
        "The two-layer δ form",
        4,
        tests=by_hand("test_two_layers_in_the_delta_form"),
        sections=sections(BACK_PROPAGATION, "The δ form"),
    ),
    "D9": Item(
        "Gradient at the input of a ReLU layer",
        4,
        tests=by_hand("test_the_input_of_a_relu_layer"),
        sections=sections(BACK_PROPAGATION, "Down to the input"),
    ),
    "D10": Item(
        "Gradients are not updates",
        4,
        live=True,
        tests=by_hand("test_a_gradient_changes_nothing"),
        sections=sections(BACK_PROPAGATION, "Gradients are not updates"),
    ),
    "D11": Item(
        "History",
        4,
        tests=("tests/test_chapter_words.py::test_what_is_cited_is_listed_and_what_is_listed_is_cited",),
        sections=sections(BACK_PROPAGATION, "Whose idea was it?"),
    ),
    # Automatic differentiation
    "E1": Item(
        "The flow graph, fprop and bprop",
        5,
        live=True,
        tests=engine("graph", "test_the_loops_can_be_written_by_hand", "test_backward_goes_only_as_far_as_it_must"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "Automatic differentiation", "The flow graph", "An engine in sixty lines"),
    ),
    "E2": Item(
        "Variables and operators of a linear regression",
        5,
        tests=engine("graph", "test_the_regression_of_the_lecture", "test_the_regression_reads_well"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "The flow graph"),
    ),
    "E3": Item(
        "Layouts and Jacobians",
        5,
        tests=engine("derivatives", "test_shapes_of_jacobians", "test_jacobians_either_way"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "Rows, columns, and the order of a product"),
    ),
    "E4": Item(
        "Paths, counted",
        5,
        tests=engine("graph", "test_paths_through_layers_are_n_to_the_m", "test_paths_against_walking_them"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "All the paths"),
    ),
    "E5": Item(
        "Symbolic, numeric, automatic",
        5,
        tests=differentiation("test_the_derivative_of_a_program_is_exact"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "Three ways to differentiate"),
    ),
    "E6": Item(
        "Both modes on the slide's example",
        5,
        tests=differentiation("test_both_printed_results_of_the_lecture"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "One example, both ways"),
    ),
    "E7": Item(
        "Which mode is cheaper when",
        5,
        tests=differentiation("test_a_gradient_is_cheap"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "Which mode is cheaper?"),
    ),
    "E8": Item(
        "Gradient checking",
        5,
        live=True,
        tests=engine("check", "test_wrong_elementwise_rules_are_caught", "test_the_right_rule_passes"),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "Checking a gradient"),
    ),
    "E9": Item(
        "The PyTorch-shaped loop",
        5,
        tests=(
            "tests/test_optimizer.py::test_the_loop_takes_the_path_of_pytorch",
            "tests/test_optimizer.py::test_gradients_add_up_until_they_are_zeroed",
        ),
        sections=sections(AUTOMATIC_DIFFERENTIATION, "The loop that everybody writes"),
    ),
    # First-order methods
    "F1": Item(
        "Gradient descent and the learning rate",
        6,
        live=True,
        tests=optim(
            "test_the_path_is_the_formulas",
            "test_the_factor_of_a_step_is_exact",
            "test_the_edge_is_2_over_lambda",
            "test_the_best_learning_rate_of_a_bowl",
        ),
        sections=sections(
            GRADIENT_DESCENT,
            "The rule",
            "One dimension, exactly",
            "Why downhill is down, and for how long",
            "A bowl has two curvatures (a network has millions)",
            "Beyond bowls",
        ),
    ),
    "F2": Item(
        "One example, some, all",
        6,
        live=True,
        tests=training(
            "test_an_epoch_shows_every_example_once",
            "test_the_mean_gradient_of_an_epoch_is_the_full_gradient",
            "test_the_noise_of_a_batch",
        ),
        sections=sections(GRADIENT_DESCENT, "Noise: one example, a few, all"),
    ),
    "F3": Item(
        "The slides' regression",
        6,
        tests=training("test_a_line", "test_the_slides_solutions"),
        sections=sections(GRADIENT_DESCENT, "The line from the slides"),
    ),
    "F4": Item(
        "Exponentially weighted averages",
        7,
        live=True,
        tests=explorable("curves", "test_averages_are_weighted_sums", "test_the_goal_of_averages_needs_the_correction"),
        sections=sections(MOMENTUM, "First, averages"),
    ),
    "F5": Item(
        "Three forms of momentum",
        7,
        tests=optim(
            "test_the_three_forms_walk_one_path",
            "test_a_changing_learning_rate_parts_the_velocity_form",
            "test_a_changing_beta_parts_the_average",
        ),
        sections=sections(MOMENTUM, "Three rules, one path", "When α or β changes on the way"),
    ),
    "F6": Item(
        "Nesterov",
        7,
        tests=(
            "tests/test_adaptive.py::test_200_steps_of_sgd_as_pytorch",
            *optim("test_momentum_converges_at_the_spectral_radius"),
            *explorable("rates", "test_the_edge_is_where_runs_begin_to_diverge"),
        ),
        sections=sections(MOMENTUM, "Nesterov looks ahead"),
    ),
    "F7": Item(
        "Adagrad",
        8,
        tests=adaptive("test_200_steps_as_pytorch", "test_adagrads_rates_only_fall"),
        sections=sections(ADAPTIVE, "Adagrad: divide by what you have seen", "Rare features", "And its failure: steps fade"),
    ),
    "F8": Item(
        "RMSProp",
        8,
        tests=adaptive("test_200_steps_as_pytorch", "test_epsilon_under_the_root"),
        sections=sections(ADAPTIVE, "RMSProp: forget", "Two claims, tested", "Where ε stands, and when it matters"),
    ),
    "F9": Item(
        "Adam",
        8,
        tests=adaptive(
            "test_200_steps_as_pytorch",
            "test_adams_first_step_is_alpha",
            "test_the_correction_of_a_changing_beta",
            "test_defaults_are_those_of_the_sources",
        ),
        sections=sections(
            ADAPTIVE,
            "Adam: average the direction, correct the start",
            "The first step, by hand",
            "Rare features",
            "When Adam does not converge",
            "Digits, with equal effort",
        ),
    ),
    "F10": Item(
        "Adadelta, RMSProp with momentum, no single best",
        8,
        live=True,
        tests=explorable(
            "race",
            "test_no_other_rate_of_the_same_effort_is_better",
            "test_the_ranking_is_that_of_the_rules",
            "test_turning_the_ravine_takes_the_gift_of_separate_steps",
        ),
        sections=sections(ADAPTIVE, "Adadelta: the right units", "The race"),
    ),
    "F11": Item(
        "Schedules",
        9,
        live=True,
        tests=explorable("schedules", "test_runs_against_a_plain_loop", "test_every_schedule_of_the_package_is_there"),
        sections=sections(SCHEDULES, "A dozen shapes", "By hand, and by the loss", "Cycles and restarts"),
    ),
    "F12": Item(
        "Robbins and Monro's conditions",
        9,
        tests=(
            *explorable("schedules", "test_the_verdict_is_the_schedules_own"),
            "tests/test_schedules.py::test_the_verdicts_are_those_of_the_sums",
            "tests/test_schedules.py::test_a_sum_below_the_distance_never_arrives",
            "tests/test_schedules.py::test_the_second_condition_is_not_necessary",
        ),
        sections=sections(SCHEDULES, "Two budgets: reach and rest", "Robbins and Monro's conditions"),
    ),
    "F13": Item(
        "Local optima, plateaus, saddles, symmetries",
        10,
        tests=landscape_exercises("test_copies_are_the_same_function", "test_what_the_kinds_of_critical_points_are"),
        sections=sections(
            LOSS_LANDSCAPES,
            "Four kinds of places",
            "The same function, many times",
            "How long a saddle holds",
            "A saddle of a network, made by hand",
            "Are bad minima the problem, then?",
        ),
    ),
    "F14": Item(
        "Restarts, annealing, leaving a minimum",
        10,
        live=True,
        tests=explorable("escape", "test_runs_against_plain_loops", "test_restarts_against_drawing"),
        sections=sections(LOSS_LANDSCAPES, "Getting out"),
    ),
    "F15": Item(
        "How often a critical point is a saddle",
        10,
        tests=landscape_exercises("test_random_matrices_are_rarely_positive_definite"),
        sections=sections(LOSS_LANDSCAPES, "How common are minima?"),
    ),
    "F16": Item(
        "Batch normalisation",
        10,
        tests=networks(
            "normalization",
            "test_training_equals_pytorch_in_value_and_gradient_and_memory",
            "test_a_normalised_mlp_equals_pytorchs_in_value_gradient_and_memory",
            "test_fit_trains_and_remembers_as_pytorch_does",
        ),
        sections=sections(LOSS_LANDSCAPES, "Batch normalisation: change the landscape"),
    ),
    "F17": Item(
        "Rules of thumb",
        6,
        tests=optim("test_the_rule_of_thumb_on_bowls"),
        sections=sections(GRADIENT_DESCENT, "Rules of thumb, tested"),
    ),
    # Second-order methods
    "G1": Item(
        "The quadratic model and the Newton step",
        11,
        live=True,
        tests=(
            *explorable("rates", "test_the_model_is_taylors"),
            *second_order("minimize", "test_newton_needs_one_step_on_a_quadratic", "test_near_a_minimum_newtons_digits_double"),
        ),
        sections=sections(NEWTON, "Newton's method", "A parabola that fits", "Near the end, the digits double"),
    ),
    "G2": Item(
        "Gradient descent against Newton",
        11,
        live=True,
        tests=explorable("race", "test_newton_steps_against_linear_algebra"),
        sections=sections(NEWTON, "Where gradient descent comes from", "The axes do not matter"),
    ),
    "G3": Item(
        "Newton is attracted to saddles",
        11,
        live=True,
        tests=(
            *explorable("race", "test_newton_goes_where_the_model_says"),
            *second_order("minimize", "test_a_saddle_attracts_newton_and_repels_its_repairs"),
        ),
        sections=sections(NEWTON, "Where does it go?", "Three repairs"),
    ),
    "G4": Item(
        "The price of a Hessian",
        11,
        tests=second_order("cost", "test_a_newton_step_takes_memory_in_proportion_to_n_squared"),
        sections=sections(NEWTON, "The bill"),
    ),
    "G5": Item(
        "Conjugate gradients, BFGS, L-BFGS",
        12,
        tests=(
            *second_order("line_search", "test_a_step_satisfies_the_strong_wolfe_conditions"),
            *second_order(
                "minimize",
                "test_conjugate_gradients_end_in_n_steps",
                "test_the_update_satisfies_the_secant_equation",
                "test_two_loops_are_the_dense_inverse",
                "test_newton_cg_needs_products_alone",
            ),
            *second_order("cost", "test_the_methods_in_between_take_memory_in_proportion_to_n"),
            *explorable("line_search", "test_both_conditions"),
        ),
        sections=sections(
            BETWEEN,
            "How far along a line?",
            "Directions that do not undo one another",
            "What two gradients say about curvature",
            "The same, without the matrix",
            "Newton without the Hessian",
            "All of them side by side",
        ),
    ),
    "G6": Item(
        "Hessians from the engine",
        11,
        tests=(
            *second_order("minimize", "test_hessians_and_products_come_from_the_engine"),
            *second_order("cost", "test_a_product_takes_as_many_operations_whatever_n"),
        ),
        sections=sections(NEWTON, "Nobody writes Hessians by hand"),
    ),
    # Initialisation and regularisation
    "H1": Item(
        "Penalties on weights",
        13,
        live=True,
        tests=(
            *networks("losses", "test_regularisers_see_weights_and_never_biases"),
            *fitting("fit", "test_penalties_act_on_weights_alone"),
            *fitting(
                "generalization",
                "test_exact_zeros_come_from_the_proximal_step_not_from_the_sign_gradient",
                "test_weight_decay_is_ridge_regression",
            ),
        ),
        sections=sections(
            REGULARISATION,
            "A price on weights",
            "The corner of the diamond",
            "On weights only",
            "Beliefs: two priors",
            "Zeros, counted",
        ),
    ),
    "H2": Item(
        "Bias and variance",
        13,
        live=True,
        tests=fitting("generalization", "test_bias_and_variance_of_least_squares_are_those_of_the_theory"),
        sections=sections(REGULARISATION, "Bias and variance"),
    ),
    "H3": Item(
        "Early stopping",
        13,
        tests=fitting("fit", "test_look_ahead_and_the_best_weights_restored"),
        sections=sections(REGULARISATION, "Knowing when to stop", "A path beside the ridge path", "Look ahead"),
    ),
    "H4": Item(
        "Where to start",
        13,
        live=True,
        tests=networks("mlp", "test_zero_weights_stop_all_but_the_output_bias_and_equal_weights_stay_equal"),
        sections=sections(
            REGULARISATION,
            "Initialisation and regularisation",
            "All zero",
            "All equal",
            "Too small, too large",
            "What keeps a signal alive",
            "Glorot's recipe",
            "He's recipe, for ReLU",
        ),
    ),
    # Model selection
    "I1": Item(
        "Training, validation, test",
        14,
        tests=(
            *fitting("data_sets", "test_a_split_loses_nothing_and_keeps_the_shares"),
            "tests/test_selection_exercises.py::test_the_winner_of_many_looks_too_good",
        ),
        sections=sections(
            MODEL_SELECTION, "Three sets", "The winner's luck", "How large must a set be?", "When there are too few examples"
        ),
    ),
    "I2": Item(
        "Grid and random search",
        14,
        tests=fitting(
            "search",
            "test_a_grid_is_the_product",
            "test_draws_follow_their_distributions",
            "test_neither_order_nor_company_nor_processes_change_a_result",
        ),
        sections=sections(MODEL_SELECTION, "Where to look: grid or random", "Go back and refine"),
    ),
    "I3": Item(
        "Capstone on digits",
        15,
        tests=fitting("search", "test_a_search_finds_a_good_network_for_the_digits"),
        sections=sections(
            CAPSTONE, "Data, and an envelope", "The search", "Refine", "Final training", "One look", "Your own data"
        ),
    ),
    "I4": Item(
        "The playground",
        "playground",
        live=True,
        tests=(
            "tests/test_live_trained.py::test_the_playground_trains_as_the_package_does",
            "tests/test_live_trained.py::test_every_challenge_can_be_met_and_does_not_meet_itself",
            "tests/browser/test_playground.py::test_every_control_against_python",
        ),
        sections=sections("playground.ipynb", "Playground"),
    ),
}
