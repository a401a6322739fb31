using System.Globalization;
using System.Text.Json.Nodes;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>Adapters on disk: both formats, what is read back, what is refused.</summary>
public sealed class AdapterFileTests : IDisposable
{
    private const string Weight = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    private static readonly ModelConfig Config = TinyModels.Configs["qwen3"];

    private readonly string _root = Directory.CreateTempSubdirectory("qwensharp-adapters-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Folder => Path.Combine(_root, "support");

    private string Gguf => Path.Combine(_root, "support.gguf");

    [Theory]
    [InlineData("qwen", TensorType.F32, false)]
    [InlineData("qwen2", TensorType.F32, false)]
    [InlineData("qwen3", TensorType.F16, true)]
    [InlineData("qwen3", TensorType.BF16, false)]
    [InlineData("qwen3moe", TensorType.F32, true)]
    [InlineData("qwen3vl, interleaved, in part", TensorType.F32, false)]
    public void A_folder_and_a_file_give_back_the_same_adapter(string name, TensorType type, bool isRankStabilized)
    {
        LoraAdapter adapter = Adapters.Create(TinyModels.Configs[name], 1, rank: 4, type: type, isRankStabilized: isRankStabilized);
        AdapterFile.WritePeft(adapter, Folder, "Qwen/Tiny");
        AdapterFile.WriteGguf(adapter, Gguf);

        LoraAdapter folder = AdapterFile.Read(Folder, TinyModels.Configs[name]), file = AdapterFile.Read(Gguf, TinyModels.Configs[name]);

        Assert.Equal(
            ("support", adapter.Architecture, 4, 3f, isRankStabilized),
            (folder.Name, folder.Architecture, folder.Rank, folder.Alpha, folder.IsRankStabilized));
        Assert.Equal(
            ("support", adapter.Architecture, 4, isRankStabilized ? 6f : 3f),
            (file.Name, file.Architecture, file.Rank, file.Alpha));
        AssertSame(adapter, folder, exact: true);
        AssertSame(adapter, file, exact: true);
        Assert.Equal(folder.Name, AdapterFile.Read(Path.Combine(Folder, "adapter_config.json"), TinyModels.Configs[name]).Name);
    }

    [Fact]
    public void Modules_have_the_names_of_their_generation()
    {
        Random random = new(1);
        LoraAdapter first = new("first", "qwen", 8, [
            Adapters.Pair("blk.0.attn_qkv.weight", 64, 192, 4, random),
            Adapters.Pair("blk.1.ffn_gate.weight", 64, 96, 4, random)]);
        AdapterFile.WritePeft(first, Folder, "Qwen/Tiny");
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder, "adapter_model.safetensors"));

        string[] modules = ["transformer.h.0.attn.c_attn", "transformer.h.1.mlp.w2"];
        Assert.Equal(
            modules.SelectMany(module => (string[])["A", "B"], (module, half) => $"base_model.model.{module}.lora_{half}.weight").Order(),
            file.Tensors.Select(tensor => tensor.Name).Order());
    }

    [Fact]
    public void Ranks_and_alphas_of_their_own_come_back()
    {
        Random random = new(1);
        LoraAdapter adapter = new("mixed", "qwen3", 8, [
            Adapters.Pair("blk.0.attn_q.weight", 64, 64, 4, random),
            Adapters.Pair("blk.0.attn_v.weight", 64, 32, 4, random, alpha: 12),
            Adapters.Pair("blk.1.attn_q.weight", 64, 64, 2, random),
            Adapters.Pair("blk.1.attn_v.weight", 64, 32, 7, random, TensorType.F16, alpha: 3),
            Adapters.Pair("blk.1.attn_k.weight", 64, 32, 4, random),
            Adapters.Pair("output.weight", 64, 97, 4, random)]);
        AdapterFile.WritePeft(adapter, Folder, "Qwen/Tiny");
        AdapterFile.WriteGguf(adapter, Gguf);

        AssertSame(adapter, AdapterFile.Read(Folder, Config), exact: true);
        AssertSame(adapter, AdapterFile.Read(Gguf, Config), exact: false);
        using GgufFile file = GgufFile.Open(Gguf);
        Assert.Equal(
            (8f, "adapter", "lora"),
            (file.Metadata.GetFloat("adapter.lora.alpha"), file.Metadata.GetString("general.type"), file.Metadata.GetString("adapter.type"))
        );
        Assert.Equal([64, 4], file.GetTensor("blk.0.attn_v.weight.lora_a").Shape.ToArray());
        Assert.Equal([4, 32], file.GetTensor("blk.0.attn_v.weight.lora_b").Shape.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0f)]
    public void A_file_without_alpha_has_the_scale_1(float? alpha)
    {
        WriteGguf(writer => { }, alpha);
        LoraAdapter adapter = AdapterFile.Read(Gguf, Config);
        Assert.All(adapter.Pairs, pair => Assert.Equal(1, adapter.ScaleOf(pair)));

        AdapterFile.WriteGguf(adapter, Gguf);
        AssertSame(adapter, AdapterFile.Read(Gguf, Config), exact: true);
    }

    [Fact]
    public void A_quantised_file_is_decoded()
    {
        Random random = new(1);
        Tensor a = Adapters.Matrix(64, 32, 1, random, TensorType.Q8_0), b = Adapters.Matrix(32, 64, 1, random, TensorType.Q8_0);
        Header(new GgufWriter(), 32f).AddTensor("blk.0.attn_q.weight.lora_b", b.Type, b.Shape, stream => stream.Write(b.Data))
            .AddTensor("blk.0.attn_q.weight.lora_a", a.Type, a.Shape, stream => stream.Write(a.Data)).Save(Gguf);

        LoraPair pair = Assert.Single(AdapterFile.Read(Gguf, Config).Pairs);

        Assert.Equal(TensorType.F32, pair.A.Type);
        Assert.Equal(Floats(a), Floats(pair.A));
        Assert.Equal(Floats(b), Floats(pair.B));
    }

    /// <summary>PEFT's names lead to GGUF's order, in which the value heads of recurrent layers take turns.</summary>
    [Theory]
    [InlineData("qwen35")]
    [InlineData("qwen3next")]
    public void A_folder_for_a_hybrid_has_its_heads_in_order(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        string[] modules =
            name == "qwen35"
                ? ["in_proj_qkv", "in_proj_z", "in_proj_a", "in_proj_b", "out_proj"]
                : ["in_proj_qkvz", "in_proj_ba", "out_proj"];
        Random random = new(1);
        SafetensorsWriter weights = new();
        Dictionary<string, float[]> deltas = [];
        foreach (string module in modules)
        {
            (int columns, int rows) = Shape(config, module);
            LoraPair pair = Adapters.Pair("x", columns, rows, 3, random);
            Add(weights, $"base_model.model.model.layers.1.linear_attn.{module}", pair);
            deltas.Add(module, Delta(new LoraAdapter("x", "x", 6, [pair]), pair));
        }

        Save(weights, Json(json => (json["r"], json["lora_alpha"]) = (3, 6)));
        LoraAdapter adapter = AdapterFile.Read(Folder, config);
        LanguageModel model = TinyModels.Create(name);
        Assert.NotNull(model.Fit(adapter));

        // The same tensors as weights of a folder, which the model's own reader puts in order.
        foreach ((string module, float[] delta) in deltas)
        {
            (int columns, int rows) = Shape(config, module);
            string own = HuggingFaceNames.Find(Family.Of(config.Architecture), config.Layers, $"layers.1.linear_attn.{module}")!;
            Tensor matrix = Tensor.Copy(
                $"{own}.weight",
                TensorType.F32,
                [columns, rows],
                System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(delta));
            foreach (HuggingFaceWeight expected in new HuggingFaceRecurrent(config.Recurrent!.Shape).Arrange(new MappedWeight(matrix)))
            {
                LoraPair pair = adapter.Find(expected.Name)!;
                Assert.Equal(Floats(expected.Read()), Delta(adapter, pair));
            }
        }

        Assert.Contains(
            "GGUF",
            Assert.Throws<InvalidDataException>(() => AdapterFile.WritePeft(adapter, Folder, "x")).Message,
            StringComparison.Ordinal);
        AdapterFile.WriteGguf(adapter, Gguf);
        AssertSame(adapter, AdapterFile.Read(Gguf, config), exact: true);
    }

    [Theory]
    [InlineData("peft_type", "\"LOHA\"")]
    [InlineData("use_dora", "true")]
    [InlineData("bias", "\"all\"")]
    [InlineData("lora_bias", "true")]
    [InlineData("modules_to_save", "[\"lm_head\"]")]
    [InlineData("fan_in_fan_out", "true")]
    [InlineData("init_lora_weights", "\"pissa\"")]
    [InlineData("layer_replication", "[[0,2],[1,3]]")]
    [InlineData("alora_invocation_tokens", "[1,2]")]
    [InlineData("target_parameters", "[\"mlp.experts.down_proj\"]")]
    [InlineData("trainable_token_indices", "{\"embed_tokens\":[1]}")]
    [InlineData("something_new", "3")]
    [InlineData("r", "0")]
    [InlineData("r", "5")]
    [InlineData("r", "\"4\"")]
    [InlineData("lora_alpha", "null")]
    [InlineData("lora_alpha", "[]")]
    [InlineData("rank_pattern", "{\"q_proj\":0.5}")]
    [InlineData("rank_pattern", "{\"q_proj\":8}")]
    [InlineData("alpha_pattern", "{\"(q_proj\":8}")]
    [InlineData("alpha_pattern", "{\"(([a-z_.0-9])+.?)+[A-Z]\":8}")]
    public void A_setting_that_is_not_honoured_is_refused_by_its_name(string setting, string value)
    {
        WriteFolder(json => json[setting] = JsonNode.Parse(value));
        string message = Assert.ThrowsAny<IOException>(() => AdapterFile.Read(Folder, Config)).Message;
        Assert.Contains(
            setting == "r" && value == "5" ? "rank 4"
                : setting == "rank_pattern" && value.Contains('8') ? "says 8"
                : setting is "alpha_pattern" && value.Contains("(q", StringComparison.Ordinal) ? "(q_proj"
                : setting,
            message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("use_rslora", "true", 2f)]
    [InlineData("alpha_pattern", "{\"q_proj\":8}", 2f)]
    [InlineData("alpha_pattern", "{\"layers.0.self_attn.q_proj\":6}", 1.5f)]
    [InlineData("alpha_pattern", "{\"layers\\\\.[01]\\\\.self_attn\\\\..\":6}", 1f)]
    [InlineData("alpha_pattern", "{\"layers\\\\.[01]\\\\.self_attn\\\\..*\":6}", 1.5f)]
    [InlineData("alpha_pattern", "{\"proj\":6}", 1f)]
    [InlineData("rank_pattern", "{\"q_proj\":4}", 1f)]
    [InlineData("loftq_config", "{}", 1f)]
    [InlineData("lora_dropout", "0.1", 1f)]
    [InlineData("some_new_switch", "false", 1f)]
    public void What_is_honoured_gives_its_scale(string setting, string value, float scale)
    {
        WriteFolder(json => json[setting] = JsonNode.Parse(value));
        LoraAdapter adapter = AdapterFile.Read(Folder, Config);
        Assert.Equal(scale, adapter.ScaleOf(adapter.Find("blk.0.attn_q.weight")!));
    }

    [Theory]
    [InlineData("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector", "pair")]
    [InlineData("base_model.model.model.embed_tokens.base_layer.weight", "pair")]
    [InlineData("model.layers.0.self_attn.q_proj.lora_A.weight", "pair")]
    [InlineData("base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight", "other half")]
    [InlineData("base_model.model.model.layers.0.self_attn.k_proj.lora_embedding_A", "pair")]
    public void A_tensor_that_is_none_of_a_pair_is_refused_by_its_name(string tensor, string reason)
    {
        WriteFolder(edit: null, writer => writer.Add(tensor, SafetensorsType.F32, [1, 1], new byte[4]));
        string message = Assert.Throws<SafetensorsException>(() => AdapterFile.Read(Folder, Config)).Message;
        Assert.Contains(tensor, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_that_the_family_lacks_is_refused_by_its_name()
    {
        const string module = "base_model.model.model.layers.0.self_attn.rotary_emb";
        WriteFolder(edit: null, writer => Add(writer, module, Adapters.Pair("x", 64, 64, 4, new Random(1))));
        Assert.Contains(
            module,
            Assert.Throws<ModelLoadException>(() => AdapterFile.Read(Folder, Config)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_files_are_named()
    {
        Directory.CreateDirectory(Folder);
        Assert.Contains(
            "adapter_config.json",
            Assert.ThrowsAny<IOException>(() => AdapterFile.Read(Folder, Config)).Message,
            StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(Folder, "adapter_config.json"), Json().ToJsonString());
        Assert.Contains(
            "adapter_model.safetensors",
            Assert.ThrowsAny<IOException>(() => AdapterFile.Read(Folder, Config)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "absent.gguf",
            Assert.ThrowsAny<IOException>(() => AdapterFile.Read(Path.Combine(_root, "absent.gguf"), Config)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.type", "'model'")]
    [InlineData("adapter.type", "'control_vector'")]
    [InlineData("adapter.alora.invocation_tokens", "adapter.alora.invocation_tokens")]
    [InlineData("blk.0.attn_norm.weight", "blk.0.attn_norm.weight")]
    [InlineData("blk.0.attn_k.weight.lora_a", "blk.0.attn_k.weight.lora_b")]
    [InlineData("blk.0.attn_k.weight.lora_b", "blk.0.attn_k.weight.lora_b")]
    public void A_file_that_is_no_such_adapter_says_why(string what, string said)
    {
        if (what.StartsWith("blk.", StringComparison.Ordinal))
            WriteGguf(writer => writer.AddTensor(what, TensorType.F32, [4, 4], stream => stream.Write(new byte[64])));
        else if (what == "adapter.alora.invocation_tokens")
            WriteGguf(writer => writer.Add(what, GgufValue.ArrayOf<uint>(1, 2)));
        else
            WriteGguf(_ => { }, 1, what, said.Trim('\''));

        Assert.Contains(said, Assert.Throws<GgufException>(() => AdapterFile.Read(Gguf, Config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused_or_read()
    {
        WriteFolder();
        AdapterFile.WriteGguf(AdapterFile.Read(Folder, Config), Gguf);
        Random random = new(7);
        (string Read, string Damaged)[] files =
        [
            (Gguf, Gguf),
            (Folder, Path.Combine(Folder, "adapter_config.json")),
            (Folder, Path.Combine(Folder, "adapter_model.safetensors")),
        ];
        foreach ((string read, string path) in files)
        {
            byte[] whole = File.ReadAllBytes(path);
            int refused = 0;
            for (int i = 0; i < 400; i++)
            {
                // Mostly in the header: elsewhere a change only makes another number.
                byte[] mutant = i % 4 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
                for (int flips = random.Next(1, 4); flips > 0 && mutant.Length > 0; flips--)
                    mutant[random.Next(Math.Min(mutant.Length, 900))] = (byte)random.Next(256);

                File.WriteAllBytes(path, mutant);
                refused += Survives(read);
            }

            File.WriteAllBytes(path, whole);
            Assert.InRange(refused, 200, 400);
        }
    }

    private static int Survives(string path)
    {
        try
        {
            LoraAdapter adapter = AdapterFile.Read(path, Config);
            Assert.All(adapter.Pairs, pair => Assert.Equal(pair.A.Data.Length, pair.A.ByteLength));
            return 0;
        }
        catch (Exception refusal) when (refusal is IOException or ModelLoadException)
        {
            return 1;
        }
    }

    private static JsonObject Json(Action<JsonObject>? edit = null)
    {
        JsonObject json = JsonNode
            .Parse(
                """{"peft_type":"LORA","r":4,"lora_alpha":4,"bias":"none","target_modules":["q_proj"],"modules_to_save":null,"use_dora":false,"megatron_core":"megatron.core"}"""
            )!
            .AsObject();
        edit?.Invoke(json);
        return json;
    }

    private void WriteFolder(Action<JsonObject>? edit = null, Action<SafetensorsWriter>? more = null)
    {
        SafetensorsWriter writer = new();
        Add(writer, Weight[..^".lora_A.weight".Length], Adapters.Pair("x", 64, 64, 4, new Random(1)));
        more?.Invoke(writer);
        Save(writer, Json(edit));
    }

    private void Save(SafetensorsWriter weights, JsonObject config)
    {
        Directory.CreateDirectory(Folder);
        weights.Save(Path.Combine(Folder, "adapter_model.safetensors"));
        File.WriteAllText(Path.Combine(Folder, "adapter_config.json"), config.ToJsonString());
    }

    private static void Add(SafetensorsWriter writer, string module, LoraPair pair) => writer
        .Add($"{module}.lora_A.weight", SafetensorsType.F32, [pair.A.Rows, pair.A.Columns], pair.A.Data.ToArray())
        .Add($"{module}.lora_B.weight", SafetensorsType.F32, [pair.B.Rows, pair.B.Columns], pair.B.Data.ToArray());

    private void WriteGguf(Action<GgufWriter> more, float? alpha = 4, string? key = null, string? value = null)
    {
        LoraPair pair = Adapters.Pair("blk.0.attn_q.weight", 64, 64, 4, new Random(1));
        GgufWriter writer = Header(new GgufWriter(), alpha, key, value)
            .AddTensor($"{pair.Target}.lora_a", TensorType.F32, pair.A.Shape, stream => stream.Write(pair.A.Data))
            .AddTensor($"{pair.Target}.lora_b", TensorType.F32, pair.B.Shape, stream => stream.Write(pair.B.Data));
        more(writer);
        writer.Save(Gguf);
    }

    private static GgufWriter Header(GgufWriter writer, float? alpha, string? key = null, string? value = null)
    {
        foreach (
            (string name, string text) in ((string, string)[])
                [
                    ("general.architecture", "qwen3"),
                    ("general.type", "adapter"),
                    ("adapter.type", "lora"),
                    ("adapter.lora.task_name", "a note"),
                ])
        {
            writer.Add(name, name == key ? value! : text);
        }

        return alpha is { } number ? writer.Add("adapter.lora.alpha", number) : writer;
    }

    private static (int Columns, int Rows) Shape(ModelConfig config, string module)
    {
        DeltaNetShape shape = config.Recurrent!.Shape;
        return module switch
        {
            "in_proj_qkv" => (config.Width, shape.ConvolutionWidth),
            "in_proj_z" => (config.Width, shape.ValueWidth),
            "in_proj_a" or "in_proj_b" => (config.Width, shape.ValueHeads),
            "in_proj_ba" => (config.Width, 2 * shape.ValueHeads),
            "in_proj_qkvz" => (config.Width, shape.ConvolutionWidth + shape.ValueWidth),
            "out_proj" => (shape.ValueWidth, config.Width),
            _ => throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"no module {module}")),
        };
    }

    private static void AssertSame(LoraAdapter expected, LoraAdapter actual, bool exact)
    {
        Assert.Equal(expected.Pairs.Select(pair => (pair.Target, pair.Rank)), actual.Pairs.Select(pair => (pair.Target, pair.Rank)));
        foreach ((LoraPair ours, LoraPair theirs) in expected.Pairs.Zip(actual.Pairs))
        {
            float[] delta = Delta(expected, ours), read = Delta(actual, theirs);
            if (exact)
            {
                Assert.Equal(expected.ScaleOf(ours), actual.ScaleOf(theirs));
                Assert.Equal(ours.A.Data, theirs.A.Data);
                Assert.Equal(ours.B.Data, theirs.B.Data);
            }

            Assert.Equal(delta.Length, read.Length);
            Assert.All(delta.Zip(read), entry => Assert.InRange(entry.Second - entry.First, -1e-6f, 1e-6f));
        }
    }

    private static float[] Delta(LoraAdapter adapter, LoraPair pair)
    {
        LoraDelta delta = new(adapter, pair);
        float[] values = new float[delta.Rows * delta.Columns];
        for (int row = 0; row < delta.Rows; row++)
            delta.AddTo(row, values.AsSpan(row * delta.Columns, delta.Columns));

        return values;
    }

    private static float[] Floats(Tensor tensor)
    {
        float[] values = new float[tensor.ElementCount];
        Quantization.Dequantize(tensor.Type, tensor.Data, values);
        return values;
    }
}
