using System.IO.MemoryMappedFiles;

namespace QwenSharp.Numerics;

/// <summary>
/// A file mapped read-only into memory: its bytes are read by touching them, and shared with other processes.
/// Its tensors keep the map alive. Who computes with them on any thread is inside, from <see cref="Enter"/> to <see cref="Leave"/>:
/// <see cref="Dispose"/> lets nobody in any more and waits for those who are. Whoever touches a tensor without that sees to it that the map
/// is not disposed meanwhile. Without the call, the map goes when the last tensor does.
/// </summary>
/// <remarks>
/// A file that another program cuts short while it is mapped ends this process at the next touch of the lost part: replace model files, do
/// not overwrite them.
/// </remarks>
public sealed unsafe class MappedFile : IDisposable
{
    private const int Closed = 1 << 30;

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _pointer;

    // Who is inside, and above them whether nobody may enter any more.
    private int _inside;

    private MappedFile(string path, long length, MemoryMappedFile? file, MemoryMappedViewAccessor? view)
    {
        Path = path;
        Length = length;
        _file = file;
        _view = view;
        if (view is not null)
        {
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
            _pointer += view.PointerOffset;
        }
    }

    /// <summary>Releases a map that was not disposed.</summary>
    ~MappedFile() => Release();

    /// <summary>The file's path as it was given.</summary>
    public string Path { get; }

    /// <summary>The file's size in bytes when it was mapped.</summary>
    public long Length { get; }

    /// <summary>Maps a file. An empty file maps to no bytes.</summary>
    /// <exception cref="IOException">The file is missing, or the system refuses to map it.</exception>
    public static MappedFile Open(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        long length = stream.Length;
        if (length == 0)
            return new MappedFile(path, 0, null, null);

        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            return new MappedFile(path, length, file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length) => new(At(offset, length), length);

    /// <summary>A tensor whose data lies in the file; it keeps the map alive.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="type">How its elements are stored.</param>
    /// <param name="shape">Lengths of the dimensions, the contiguous one first.</param>
    /// <param name="offset">Where its data begins, in bytes from the start of the file.</param>
    /// <exception cref="ArgumentOutOfRangeException">The data is not inside the file.</exception>
    public Tensor Tensor(string name, TensorType type, ReadOnlySpan<long> shape, long offset)
    {
        Tensor tensor = new(name, type, shape, this);
        tensor.Attach(At(offset, tensor.ByteLength));
        return tensor;
    }

    /// <summary>From here to <see cref="Leave"/> the map stays.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public void Enter()
    {
        if ((Interlocked.Increment(ref _inside) & Closed) == 0)
            return;

        Interlocked.Decrement(ref _inside);
        throw new ObjectDisposedException(nameof(MappedFile), $"{Path} was closed: its model was disposed.");
    }

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    public void Leave() => Interlocked.Decrement(ref _inside);

    /// <summary>Unmaps the file, once nobody is inside any more: a step of a model takes milliseconds to seconds.</summary>
    public void Dispose()
    {
        if ((Interlocked.Or(ref _inside, Closed) & Closed) != 0)
            return;

        SpinWait wait = default;
        while (Volatile.Read(ref _inside) != Closed)
            wait.SpinOnce();

        Release();
        GC.SuppressFinalize(this);
    }

    private byte* At(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return _pointer is not null || Length == 0 ? _pointer + offset : throw new ObjectDisposedException(nameof(MappedFile));
    }

    private void Release()
    {
        if (_pointer is null)
            return;

        _pointer = null;
        _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
    }
}
