using System.Text;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Numerics;

namespace QwenSharp.Formats.Tests;

public sealed class GgufWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_same_input_gives_the_same_bytes() => Assert.Equal(Sample.Bytes(), Sample.Bytes());

    [Fact]
    public void A_file_that_was_read_is_written_back_byte_for_byte()
    {
        byte[] bytes = Sample.Bytes(("general.alignment", 64u));
        using GgufFile file = GgufFile.Open(_folder.Write("first.gguf", bytes));
        GgufWriter writer = new();
        foreach ((string key, GgufValue value) in file.Metadata)
            writer.Add(key, value);
        foreach (Tensor tensor in file.Tensors)
            writer.AddTensor(tensor);
        writer.Save(_folder.File("second.gguf"));

        Assert.Equal(bytes, File.ReadAllBytes(_folder.File("second.gguf")));
    }

    [Fact]
    public void The_bytes_are_those_of_the_specification()
    {
        new GgufWriter().Add("k", 7u).AddTensor("t", TensorType.I8, [3], stream => stream.Write([1, 2, 3])).Save(_folder.File("f.gguf"));
        byte[] expected =
        [
            .. new RawGguf(1, 1).Entry("k", GgufValueType.UInt32, 7, 0, 0, 0).Tensor("t", 24, 0, 3).Data(0).Raw(1, 2, 3).Data(0).ToArray(),
        ];

        Assert.Equal(expected, File.ReadAllBytes(_folder.File("f.gguf")));
    }

    [Fact]
    public void Any_metadata_and_tensors_survive_a_round_trip_whole_and_split()
    {
        Prop.ForAll(Arb.From(Models), Arb.From(Gen.Choose(1, 4000)), (model, shardBytes) =>
        {
            GgufWriter writer = new();
            foreach ((string key, GgufValue value) in model.Metadata)
                writer.Add(key, value);
            foreach ((string name, TensorType type, long[] shape) in model.Tensors)
                writer.AddTensor(name, type, shape, stream => stream.Write(Sample.Data(name, type, shape)));

            using TemporaryFolder folder = new();
            writer.Save(folder.File("whole.gguf"));
            Check(model, folder.File("whole.gguf"));
            Check(model, writer.SaveSplit(folder.File("split"), shardBytes)[^1]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(0x9E3779B9, 0x7F4A7C15));

        static void Check(Model model, string path)
        {
            using GgufFile file = GgufFile.Open(path);
            Assert.Equal(model.Metadata, file.Metadata.Select(entry => (entry.Key, entry.Value)));
            Assert.Equal(model.Tensors.Select(tensor => tensor.Name), file.Tensors.Select(tensor => tensor.Name));
            foreach ((string name, TensorType type, long[] shape) in model.Tensors)
            {
                Tensor tensor = file.GetTensor(name);
                Assert.Equal((type, string.Join('x', shape)), (tensor.Type, string.Join('x', tensor.Shape.ToArray())));
                Assert.Equal(Sample.Data(name, type, shape), tensor.Data.ToArray());
            }

            Every.Value(file);
        }
    }

    [Fact]
    public void A_failed_save_leaves_the_old_file_and_nothing_else()
    {
        string path = _folder.Write("model.gguf", [1, 2, 3]);
        GgufWriter failing = new GgufWriter().AddTensor("t", TensorType.I8, [4], _ => throw new TimeoutException());

        Assert.Throws<TimeoutException>(() => failing.Save(path));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal(["model.gguf"], _folder.Names());
    }

    [Fact]
    public void A_failed_split_save_leaves_nothing()
    {
        GgufWriter failing = new GgufWriter()
            .AddTensor("t", TensorType.I8, [4], stream => stream.Write([1, 2, 3, 4]))
            .AddTensor("u", TensorType.I8, [4], _ => throw new TimeoutException());

        Assert.Throws<TimeoutException>(() => failing.SaveSplit(_folder.File("model"), 4));
        Assert.Empty(_folder.Names());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void A_tensor_that_writes_another_number_of_bytes_is_refused(int bytes)
    {
        GgufWriter writer = new GgufWriter().AddTensor("t", TensorType.I8, [4], stream => stream.Write(new byte[bytes]));

        Assert.Contains("'t'", Assert.Throws<InvalidOperationException>(() => writer.Save(_folder.File("f.gguf"))).Message);
    }

    [Fact]
    public void What_no_reader_would_accept_is_not_written()
    {
        GgufWriter writer = new GgufWriter().Add("k", 1).AddTensor("t", TensorType.F32, [1], _ => { });

        Assert.Throws<ArgumentException>(() => writer.Add("k", 2));
        Assert.Throws<ArgumentException>(() => writer.Add("", 2));
        Assert.Throws<ArgumentException>(() => writer.Add("a\n", 2));
        Assert.Throws<ArgumentException>(() => writer.Add(new string('k', 65_536), 2));
        Assert.Throws<ArgumentException>(() => writer.Add("split.count", 2));
        Assert.Throws<ArgumentException>(() => writer.Add("general.alignment", 48u));
        Assert.Throws<ArgumentException>(() => writer.Add("general.alignment", 32));
        Assert.Throws<ArgumentException>(() => Tensor("t", TensorType.F32, 1));
        Assert.Throws<ArgumentException>(() => Tensor(new string('t', 64), TensorType.F32, 1));
        Assert.Throws<ArgumentException>(() => Tensor("u", TensorType.F32));
        Assert.Throws<ArgumentException>(() => Tensor("u", TensorType.F32, 1, 1, 1, 1, 1));
        Assert.Throws<ArgumentException>(() => Tensor("u", TensorType.F32, 4, 0));
        Assert.Throws<ArgumentException>(() => Tensor("u", TensorType.Q4_K, 128, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor("u", (TensorType)99, 32));
        Assert.Throws<OverflowException>(() => Tensor("u", TensorType.F32, long.MaxValue, 4));
        Assert.Throws<NotSupportedException>(() => GgufValue.Of('c'));
        Assert.Throws<EncoderFallbackException>(() => GgufValue.Of("\uD800"));
        Assert.Throws<ArgumentException>(() => GgufValue.ArrayOf(GgufValue.Of(1)));

        GgufWriter Tensor(string name, TensorType type, params long[] shape) => writer.AddTensor(name, type, shape, _ => { });
    }

    [Fact]
    public void Arrays_nest_as_deep_as_a_reader_accepts_and_no_deeper()
    {
        GgufValue deepest = GgufValue.ArrayOf(GgufValue.ArrayOf(GgufValue.ArrayOf(GgufValue.ArrayOf(1))));
        new GgufWriter().Add("k", deepest).Save(_folder.File("f.gguf"));
        using GgufFile file = GgufFile.Open(_folder.File("f.gguf"));

        Assert.Equal(deepest, Assert.Single(file.Metadata).Value);
        Assert.Throws<ArgumentException>(() => GgufValue.ArrayOf(deepest));
    }

    private sealed record Model((string Key, GgufValue Value)[] Metadata, (string Name, TensorType Type, long[] Shape)[] Tensors);

    private static Gen<Model> Models =>
        from values in Gen.ListOf(Values)
        from tensors in Gen.ListOf(Tensors)
        select new Model(
            [.. values.Select((value, i) => ($"key.{i}", value))],
            [.. tensors.Select((tensor, i) => ($"blk.{i}.weight", tensor.Type, tensor.Shape))]);

    private static Gen<(TensorType Type, long[] Shape)> Tensors =>
        from type in Gen.Elements(Enum.GetValues<TensorType>())
        from shape in Gen.Choose(1, 3).ArrayOf().Where(shape => shape.Length is > 0 and <= 4)
        select (type, (long[])[shape[0] * type.BlockLength(), .. shape.Skip(1).Select(length => (long)length)]);

    private static Gen<string> Texts => ArbMap.Default.GeneratorFor<string>()
        .Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? string.Empty)));

    private static Gen<GgufValue> Values =>
        Gen.OneOf(
            Number<byte>(),
            Number<sbyte>(),
            Number<ushort>(),
            Number<short>(),
            Number<uint>(),
            Number<int>(),
            Number<ulong>(),
            Number<long>(),
            Number<float>(),
            Number<double>(),
            Number<bool>(),
            Texts.Select(GgufValue.Of),
            Texts.ArrayOf().Select(texts => GgufValue.ArrayOf(texts)),
            Number<int>()
                .Select(value => GgufValue.ArrayOf(value.TryGetInteger(out int number) ? [number] : System.Array.Empty<int>()))
                .ArrayOf()
                .Select(arrays => GgufValue.ArrayOf(arrays)));

    private static Gen<GgufValue> Number<T>() where T : unmanaged => Gen.OneOf(
        ArbMap.Default.GeneratorFor<T>().Select(number => GgufValue.Of(number)),
        ArbMap.Default.GeneratorFor<T>().ArrayOf().Select(numbers => GgufValue.ArrayOf<T>(numbers)));
}
