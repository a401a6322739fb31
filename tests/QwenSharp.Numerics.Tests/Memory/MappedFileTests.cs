using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics.Tests;

public class MappedFileTests
{
    [Fact]
    public void Bytes_and_tensors_of_a_file_are_there_and_nothing_beyond_them()
    {
        using TemporaryFile temporary = new([.. Enumerable.Range(0, 10_000).Select(i => (byte)(i % 251))]);
        using MappedFile file = MappedFile.Open(temporary.Path);
        Assert.Equal(10_000, file.Length);
        Assert.Equal([(byte)(9_998 % 251), (byte)(9_999 % 251)], file.Span(9_998, 2));
        Assert.Equal(0, file.Span(10_000, 0).Length);

        Tensor tensor = file.Tensor("t", TensorType.F32, [10, 2], 4_096);
        Assert.Equal(file.Span(4_096, 80), tensor.Data);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(9_999, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(-1, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(long.MaxValue, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensor("t", TensorType.F32, [10, 2], 9_921));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensor("t", TensorType.F32, [long.MaxValue / 8], 0));
    }

    [Fact]
    public void A_disposed_file_refuses_and_disposing_twice_is_harmless()
    {
        using TemporaryFile temporary = new(new byte[100]);
        MappedFile file = MappedFile.Open(temporary.Path);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Span(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => file.Tensor("t", TensorType.F32, [1], 0));
    }

    [Fact]
    public async Task Whoever_is_inside_keeps_the_file_mapped_and_nobody_enters_a_closed_one()
    {
        using TemporaryFile temporary = new([1, 2, 3]);
        MappedFile file = MappedFile.Open(temporary.Path);
        file.Enter();
        file.Enter();
        Task closing = Task.Run(file.Dispose, TestContext.Current.CancellationToken);
        while (true)
        {
            try
            {
                file.Enter();
                file.Leave();
            }
            catch (ObjectDisposedException closed)
            {
                Assert.Contains(temporary.Path, closed.Message, StringComparison.Ordinal);
                break;
            }
        }

        Assert.Equal(2, file.Span(1, 1)[0]);
        file.Leave();
        Assert.False(closing.IsCompleted);
        Assert.Equal(3, file.Span(2, 1)[0]);
        file.Leave();
        await closing;
        Assert.Throws<ObjectDisposedException>(() => file.Span(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(file.Enter);
    }

    [Fact]
    public void An_empty_file_maps_to_no_bytes()
    {
        using TemporaryFile temporary = new([]);
        using MappedFile file = MappedFile.Open(temporary.Path);
        Assert.Equal(0, file.Span(0, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(0, 1).Length);
    }

    [Fact]
    public void A_missing_file_is_an_error_that_names_it()
    {
        IOException error = Assert.ThrowsAny<IOException>(() => MappedFile.Open("no-such-file.gguf"));
        Assert.Contains("no-such-file.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_keeps_its_file_mapped()
    {
        using TemporaryFile temporary = new([.. Enumerable.Range(0, 4096).Select(i => (byte)i)]);
        Tensor tensor = OnlyTensor(temporary.Path);
        for (int i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Assert.Equal(7, tensor.Data[7]);
        }

        tensor.KeepAlive();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Tensor OnlyTensor(string path) => MappedFile.Open(path).Tensor("t", TensorType.F32, [1024], 0);

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(byte[] bytes) => File.WriteAllBytes(Path, bytes);

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

        public void Dispose()
        {
            // Windows keeps a mapped file; the system's own cleaning takes what a finalizer has not let go yet.
            try
            {
                File.Delete(Path);
            }
            catch (IOException)
            {
            }
        }
    }
}
