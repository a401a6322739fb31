using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>Turns the gradients of a model's parameters into their next values.</summary>
/// <param name="model">The model.</param>
/// <param name="compute">The kernels.</param>
/// <param name="options">The optimiser.</param>
public sealed class Optimizer(TrainableModel model, TrainingCompute compute, OptimizerOptions options) : IDisposable
{
    private readonly Muon _muon = new(compute);

    /// <summary>Forgets the gradients: the next step's batches add up from zero.</summary>
    public void ClearGradients()
    {
        foreach (Parameter parameter in model.Parameters)
            parameter.Gradient.Clear();
    }

    /// <summary>The length of the gradient by all parameters together.</summary>
    public double GradientNorm() => Math.Sqrt(model.Parameters.Sum(parameter => compute.SumOfSquares(parameter.Gradient)));

    /// <summary>Takes a step along the gradients.</summary>
    /// <param name="number">The step, from 1 on.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="norm">The length of the gradient, by which it is shortened to <see cref="OptimizerOptions.MaxGradientNorm"/>.</param>
    public void Update(long number, double rate, double norm)
    {
        float shortened = options.MaxGradientNorm > 0 && norm > options.MaxGradientNorm ? (float)(options.MaxGradientNorm / norm) : 1;
        foreach (Parameter parameter in model.Parameters)
        {
            float decay = parameter.IsMatrix ? (float)options.WeightDecay : 0;
            if (options.Kind == OptimizerKind.Muon && parameter.IsLayerMatrix)
            {
                _muon.Update(parameter, (float)rate, (float)options.Momentum, decay, shortened);
                continue;
            }

            AdamWStep step = new((float)rate, (float)options.Beta1, (float)options.Beta2, (float)options.Epsilon, decay, number, shortened);
            compute.AdamW(parameter.Value, parameter.Gradient, parameter.Mean, parameter.Variance, step);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _muon.Dispose();
}
