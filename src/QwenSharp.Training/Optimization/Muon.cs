using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// Muon (Jordan et al., 2024): a step along the nearest orthogonal matrix to the running mean of gradients, so that all directions of a
/// matrix
/// learn at the same pace. The step is as long as AdamW's usually are, 0.2·√max(in, out) (Liu et al., 2025), so that both share a learning
/// rate.
/// The two numbers that bound it: a matrix of m ≤ n takes 5·(4m²n + 2m³) operations, whatever the batch.
/// </summary>
internal sealed class Muon(TrainingCompute compute) : IDisposable
{
    private const int Iterations = 5;

    // The quintic whose iterates bring singular values of 0 … 1 to about 1 soonest (Jordan et al., 2024).
    private const float A = 3.4445f, B = -4.7750f, C = 2.0315f;

    private readonly Dictionary<(int Rows, int Width, int Which), HostActivations> _scratch = [];

    /// <summary>Updates a matrix.</summary>
    /// <param name="parameter">The matrix; <see cref="Parameter.Mean"/> carries the running mean.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="momentum">Decay of the running mean.</param>
    /// <param name="decay">Decoupled weight decay.</param>
    /// <param name="gradientScale">What the gradient is multiplied by.</param>
    public void Update(Parameter parameter, float rate, float momentum, float decay, float gradientScale)
    {
        (HostActivations value, HostActivations gradient, HostActivations mean) = (parameter.Value, parameter.Gradient, parameter.Mean);
        (int rows, int width) = (value.Capacity, value.Width);
        compute.ScaleRows(mean, rows, momentum);
        compute.AddScaled(gradient, rows, (1 - momentum) * gradientScale, mean);

        // Nesterov's look ahead: the mean as the next step would see it, were the gradient the same.
        HostActivations step = Scratch(rows, width, 0);
        compute.CopyRows(mean, rows, step);
        compute.ScaleRows(step, rows, momentum);
        compute.AddScaled(gradient, rows, (1 - momentum) * gradientScale, step);

        step = Orthogonalize(step);
        compute.ScaleRows(value, rows, 1 - rate * decay);
        compute.AddScaled(step, rows, -rate * 0.2f * MathF.Sqrt(Math.Max(rows, width)), value);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HostActivations scratch in _scratch.Values)
            scratch.Dispose();
    }

    /// <summary>
    /// U·Vᵀ of a matrix U·S·Vᵀ, by iterating X ← aX + (b·XXᵀ + c·(XXᵀ)²)X from X = G ÷ ‖G‖; the smaller of XXᵀ and XᵀX serves.
    /// </summary>
    private HostActivations Orthogonalize(HostActivations x)
    {
        (int rows, int width) = (x.Capacity, x.Width);
        int side = Math.Min(rows, width);
        compute.ScaleRows(x, rows, (float)(1 / (Math.Sqrt(compute.SumOfSquares(x)) + 1e-12)));
        HostActivations next = Scratch(rows, width, 1), gram = Scratch(side, side, 2), polynomial = Scratch(side, side, 3);
        for (int i = 0; i < Iterations; i++)
        {
            if (rows <= width)
                compute.Multiply(x, rows, x.AsTensor("x"), gram);
            else
                compute.MultiplyOuter(x, x, rows, gram, accumulate: false);

            compute.Multiply(gram, side, gram.AsTensor("gram"), polynomial);
            compute.ScaleRows(polynomial, side, C);
            compute.AddScaled(gram, side, B, polynomial);
            if (rows <= width)
                compute.MultiplyTransposed(polynomial, side, x.AsTensor("x"), next);
            else
                compute.Multiply(x, rows, polynomial.AsTensor("polynomial"), next);

            compute.AddScaled(x, rows, A, next);
            (x, next) = (next, x);
        }

        return x;
    }

    private HostActivations Scratch(int rows, int width, int which)
    {
        if (!_scratch.TryGetValue((rows, width, which), out HostActivations? scratch))
            _scratch.Add((rows, width, which), scratch = new HostActivations(rows, width));

        return scratch;
    }
}
