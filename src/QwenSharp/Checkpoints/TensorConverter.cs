using System.Runtime.ExceptionServices;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Checkpoints;

/// <summary>Writes the data of one tensor in another type, rows in parallel, a slab at a time.</summary>
internal sealed class TensorConverter(Checkpoint model, ModelWriterOptions options, CancellationToken cancellationToken)
{
    // Large enough that threads rarely wait for the file, small enough to stay out of the way.
    private const int SlabBytes = 16 << 20;

    private readonly ParallelOptions _parallel = new()
    {
        MaxDegreeOfParallelism = options.Threads == 0 ? Environment.ProcessorCount : options.Threads,
        CancellationToken = cancellationToken,
    };

    /// <summary>Writes all parts of a tensor.</summary>
    /// <exception cref="InvalidDataException">A weight is not finite, or the importance matrix is another model's.</exception>
    public void Write(TargetTensor target, TensorType type, Stream stream)
    {
        int columns = checked((int)target.Shape[0]), matrix = 0;
        LoraDelta? delta = options.Adapter?.Find(target.Name) is { } pair ? new LoraDelta(options.Adapter, pair) : null;
        foreach (Tensor part in target.Parts)
        {
            Tensor tensor = options.Replacements.GetValueOrDefault(part.Name) ?? model.Read(part);
            int matrices = target.Matrices / target.Parts.Count, rows = tensor.Rows / matrices;
            for (int i = 0; i < matrices; i++, matrix++)
            {
                if (tensor.Type == type && delta is null)
                {
                    Copy(tensor, i * rows, rows, stream);
                }
                else
                {
                    Convert(
                        tensor,
                        i * rows,
                        rows,
                        type,
                        options.Importance?.For(target.Name, columns, target.Matrices, matrix),
                        delta,
                        stream);
                }
            }
        }
    }

    private void Copy(Tensor tensor, int first, int count, Stream stream)
    {
        for (int row = first; row < first + count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            stream.Write(tensor.RowData(row));
        }
    }

    private void Convert(Tensor tensor, int first, int count, TensorType type, float[]? importance, LoraDelta? delta, Stream stream)
    {
        int rowBytes = checked((int)type.Bytes(tensor.Columns)),
            slabRows = Math.Max(1, SlabBytes / Math.Max(rowBytes, tensor.Columns * sizeof(float)));
        byte[] slab = new byte[Math.Min(slabRows, count) * rowBytes];
        for (int at = 0; at < count; at += slabRows)
        {
            int rows = Math.Min(slabRows, count - at), start = first + at;
            try
            {
                Parallel.For(0, rows, _parallel, () => new float[tensor.Columns], (row, _, values) =>
                {
                    Quantization.Dequantize(tensor.Type, tensor.RowData(start + row), values);
                    delta?.AddTo(start + row, values);
                    Encode(tensor.Name, type, values, slab.AsSpan(row * rowBytes, rowBytes), importance);
                    return values;
                }, _ => { });
            }
            catch (AggregateException failed)
            {
                // Rows fail alike: the first says it.
                ExceptionDispatchInfo.Throw(failed.InnerExceptions[0]);
            }

            stream.Write(slab, 0, rows * rowBytes);
        }
    }

    private static void Encode(string name, TensorType type, float[] values, Span<byte> data, float[]? importance)
    {
        try
        {
            Quantization.Quantize(type, values, data, importance);
        }
        catch (ArgumentException wrong)
        {
            throw new InvalidDataException($"Tensor '{name}' cannot be written as {type}: {wrong.Message}", wrong);
        }
    }
}
