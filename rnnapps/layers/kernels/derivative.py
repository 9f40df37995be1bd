"""Functions with a derivative of their own, which has no derivative itself and says so.

What such a function computes by hand is cut off from automatic differentiation. Asked for more than the
first derivative that would answer with zeros, with a part of the right number, or with an error of its
own that explains nothing, depending on the library and on what was asked.
"""

from collections.abc import Callable

import keras
from keras import tree

MESSAGE = (
    "The fast kernels of rnnapps.layers have a first derivative, backwards, and no other: neither a "
    'second derivative nor forward mode. Use the argument kernel="keras" of the layer, or '
    "rnnapps.layers.to_keras(model)."
)


def with_derivative(forward: Callable, backward: Callable) -> Callable:
    """The function `run(operands, constants=())` with the derivative `backward`.

    `forward(operands, constants) -> (results, kept)` takes and returns tuples of tensors, `kept` tuples
    of them too. `backward(operands, constants, kept, upstream)` takes the derivatives with respect to
    the results, and returns those with respect to the operands, in their order. Constants, which may be
    None, have no derivative.

    Raises:
        NotImplementedError: when the function is differentiated twice, or in forward mode (on TensorFlow
            in a graph an error of the graph when it runs; on JAX an error of JAX's for forward mode
            within or of a compiled program).
    """
    return BACKENDS[keras.backend.backend()](forward, backward)


def _tensorflow(forward, backward):
    import tensorflow as tf

    # Else the tape, in eager execution, would look for derivatives inside.
    def stopped(tensors):
        return tree.map_structure(lambda one: None if one is None else tf.stop_gradient(one), tensors)

    def refuse(inputs):
        def refused(*_, **__):
            if tf.executing_eagerly():
                raise NotImplementedError(MESSAGE)
            # In a graph only when it runs: TensorFlow may build more derivatives than it needs.
            name = "no_second_derivative.use_kernel_keras"
            failure = tf.py_function(_fail, [], tf.float32, name=name)
            return [tf.zeros_like(one) + tf.cast(failure, one.dtype) for one in inputs]

        return refused

    def run(operands, constants=()):
        @tf.custom_gradient
        def function(*operands):
            given = stopped(operands)
            results, kept = forward(given, constants)
            kept = stopped(kept)

            def gradient(*upstream, **_):
                @tf.custom_gradient
                def once(*inputs):
                    return backward(given, constants, kept, stopped(upstream)), refuse(inputs)

                return once(*operands, *upstream)

            return results, gradient

        return function(*operands)

    return run


def _fail():
    raise NotImplementedError(MESSAGE)


def _jax(forward, backward):
    import jax

    def sealed(function):
        function = jax.custom_jvp(function)
        function.defjvp(lambda *_: _fail())
        return function

    # The way forth too: for a second derivative JAX differentiates that of the first.
    forth, back = sealed(forward), sealed(backward)

    def first(operands, constants):
        results, kept = forth(operands, constants)
        return results, (operands, constants, kept)

    function = jax.custom_vjp(lambda operands, constants: forward(operands, constants)[0])
    function.defvjp(first, lambda kept, upstream: (tuple(back(*kept, upstream)), None))

    def run(operands, constants=()):
        try:
            return function(tuple(operands), tuple(constants))
        except TypeError as error:
            if "forward-mode" not in str(error):
                raise
            raise NotImplementedError(MESSAGE) from error

    return run


def _torch(forward, backward):
    import torch

    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, function, *tensors):
            return tuple(function())

        @staticmethod
        def backward(ctx, *_):
            _fail()

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, constants, *operands):
            results, ctx.kept = forward(operands, constants)
            ctx.constants = constants
            ctx.save_for_backward(*operands)
            return tuple(results)

        @staticmethod
        def backward(ctx, *upstream):
            operands, constants, kept = ctx.saved_tensors, ctx.constants, ctx.kept
            kept = tree.map_structure(torch.detach, kept)
            given = (*operands, *upstream)
            gradients = Once.apply(lambda: backward(operands, constants, kept, upstream), *given)
            return None, *gradients

        @staticmethod
        def jvp(ctx, *_):
            _fail()

    def run(operands, constants=()):
        try:
            return Function.apply(tuple(constants), *operands)
        except RuntimeError as error:
            if "functorch" not in str(error):
                raise
            raise NotImplementedError(MESSAGE) from error

    return run


BACKENDS: dict[str, Callable] = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
