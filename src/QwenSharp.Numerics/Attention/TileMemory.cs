namespace QwenSharp.Numerics;

/// <summary>A worker's memory for the tiles of one shape, handed out in whole cache lines.</summary>
internal sealed unsafe class TileMemory : IDisposable
{
    private NativeBuffer? _buffer;
    private float* _next, _end;

    /// <summary>Forgets what was handed out, and makes room for pieces of these lengths, all zero.</summary>
    public void Reserve(params ReadOnlySpan<int> lengths)
    {
        long floats = 0;
        foreach (int length in lengths)
            floats += Lines(length);

        if (_buffer is null || _buffer.Length < floats * sizeof(float))
        {
            _buffer?.Dispose();
            _buffer = new NativeBuffer(floats * sizeof(float));
        }

        _next = (float*)_buffer.Pointer;
        _end = _next + floats;
        new Span<float>(_next, checked((int)floats)).Clear();
    }

    /// <summary>The next piece of memory.</summary>
    public float* Take(int length)
    {
        float* taken = _next;
        _next += Lines(length);
        return _next <= _end ? taken : throw new InvalidOperationException("More memory is taken than was reserved.");
    }

    public void Dispose() => _buffer?.Dispose();

    private static int Lines(int length) => (length + 15) / 16 * 16;
}
