using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// One layer of a dense Qwen2 or Qwen3, forward and backward: h ← h + attention(norm(h)), then h ← h + feedForward(norm(h)).
/// </summary>
/// <param name="config">The model's lengths and constants.</param>
/// <param name="matrices">Its linear maps, by <see cref="BlockMatrix"/>.</param>
/// <param name="mixerNorm">RMSNorm ahead of attention.</param>
/// <param name="feedForwardNorm">RMSNorm ahead of the feed-forward network.</param>
/// <param name="queryNorm">RMSNorm over each query head, or none.</param>
/// <param name="keyNorm">RMSNorm over each key head, or none.</param>
internal sealed class DecoderBlock(
    ModelConfig config,
    TrainedLinear[] matrices,
    TrainedNorm mixerNorm,
    TrainedNorm feedForwardNorm,
    TrainedNorm? queryNorm,
    TrainedNorm? keyNorm)
{
    /// <summary>The layer's linear map of a kind.</summary>
    public TrainedLinear this[BlockMatrix matrix] => matrices[(int)matrix];

    /// <summary>Computes the layer.</summary>
    /// <param name="pass">The batch.</param>
    /// <param name="input">h, [rows, width]; it stays.</param>
    /// <param name="tape">Takes what the gradients need.</param>
    /// <param name="output">h behind the layer; null to fill the tape alone, as gradient checkpointing does.</param>
    public void Forward(Pass pass, HostActivations input, BlockTape tape, HostActivations? output)
    {
        (TrainingCompute compute, int rows) = (pass.Compute, pass.Rows);
        compute.RmsNorm(input, rows, mixerNorm.Weight, config.RmsEpsilon, tape.MixerNormed);
        Apply(BlockMatrix.Query, pass, tape.MixerNormed, tape, tape.RawQueries);
        Apply(BlockMatrix.Key, pass, tape.MixerNormed, tape, tape.RawKeys);
        Apply(BlockMatrix.Value, pass, tape.MixerNormed, tape, tape.Values);
        Rotate(pass, tape.RawQueries, queryNorm, tape.Queries);
        Rotate(pass, tape.RawKeys, keyNorm, tape.Keys);
        compute.AttendSegments(tape.Queries, tape.Keys, tape.Values, pass.Segments, config.HeadLength, tape.Attended, tape.LogSumExp);
        compute.CopyRows(input, rows, tape.Middle);
        Apply(BlockMatrix.Output, pass, tape.Attended, tape, tape.Middle, accumulate: true);

        compute.RmsNorm(tape.Middle, rows, feedForwardNorm.Weight, config.RmsEpsilon, tape.FeedForwardNormed);
        Apply(BlockMatrix.Gate, pass, tape.FeedForwardNormed, tape, tape.Gate);
        Apply(BlockMatrix.Up, pass, tape.FeedForwardNormed, tape, tape.Up);
        compute.SwiGlu(tape.Gate, tape.Up, rows, tape.Activated);
        if (output is null)
            return;

        compute.CopyRows(tape.Middle, rows, output);
        Apply(BlockMatrix.Down, pass, tape.Activated, tape, output, accumulate: true);
    }

    /// <summary>Adds the gradients of the layer's weights, and turns the gradient of its output into that of its input.</summary>
    /// <param name="pass">The batch.</param>
    /// <param name="input">What went in.</param>
    /// <param name="tape">What <see cref="Forward"/> kept.</param>
    /// <param name="gradient">∂loss / ∂h behind the layer; becomes ∂loss / ∂h ahead of it.</param>
    public void Backward(Pass pass, HostActivations input, BlockTape tape, HostActivations gradient)
    {
        (TrainingCompute compute, int rows, Scratch s) = (pass.Compute, pass.Rows, pass.Scratch);
        Differentiate(BlockMatrix.Down, pass, tape.Activated, tape, gradient, s.Up);
        compute.SwiGluBackward(tape.Gate, tape.Up, rows, s.Up, s.Gate, s.Up);
        Differentiate(BlockMatrix.Gate, pass, tape.FeedForwardNormed, tape, s.Gate, s.Normed);
        Differentiate(BlockMatrix.Up, pass, tape.FeedForwardNormed, tape, s.Up, s.Normed, accumulate: true);
        compute.RmsNormBackward(tape.Middle, rows, feedForwardNorm.Weight, config.RmsEpsilon, s.Normed, gradient, feedForwardNorm.Gradient);

        Differentiate(BlockMatrix.Output, pass, tape.Attended, tape, gradient, s.Attended);
        compute.AttendSegmentsBackward(
            tape.Queries,
            tape.Keys,
            tape.Values,
            tape.Attended,
            tape.LogSumExp,
            s.Attended,
            pass.Segments,
            config.HeadLength,
            s.Queries,
            s.Keys,
            s.Values);
        Unrotate(pass, tape.RawQueries, queryNorm, s.Queries);
        Unrotate(pass, tape.RawKeys, keyNorm, s.Keys);
        Differentiate(BlockMatrix.Query, pass, tape.MixerNormed, tape, s.Queries, s.Normed);
        Differentiate(BlockMatrix.Key, pass, tape.MixerNormed, tape, s.Keys, s.Normed, accumulate: true);
        Differentiate(BlockMatrix.Value, pass, tape.MixerNormed, tape, s.Values, s.Normed, accumulate: true);
        compute.RmsNormBackward(input, rows, mixerNorm.Weight, config.RmsEpsilon, s.Normed, gradient, mixerNorm.Gradient);
    }

    private void Apply(BlockMatrix matrix, Pass pass, HostActivations x, BlockTape tape, HostActivations y, bool accumulate = false) =>
        this[matrix].Forward(pass, x, tape[matrix], y, accumulate);

    private void Differentiate(
        BlockMatrix matrix,
        Pass pass,
        HostActivations x,
        BlockTape tape,
        HostActivations dy,
        HostActivations dx,
        bool accumulate = false
    ) => this[matrix].Backward(pass, x, tape[matrix], dy, dx, accumulate);

    private void Rotate(Pass pass, HostActivations raw, TrainedNorm? norm, HostActivations rotated)
    {
        pass.Compute.CopyRows(raw, pass.Rows, rotated);
        pass.Compute.NormalizeAndRotate(rotated, pass.Rows, config.HeadLength, norm?.Weight, config.RmsEpsilon, pass.Scratch.Rotations);
    }

    private void Unrotate(Pass pass, HostActivations raw, TrainedNorm? norm, HostActivations gradient) =>
        pass.Compute.NormalizeAndRotateBackward(
            raw, pass.Rows, config.HeadLength, norm?.Weight, config.RmsEpsilon, pass.Scratch.Rotations, gradient, gradient, norm?.Gradient);
}
