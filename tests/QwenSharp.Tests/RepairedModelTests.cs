using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Formats;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;

namespace QwenSharp.Tests;

/// <summary>Files that say what they do not mean, and run all the same: with a line that says so.</summary>
public sealed class RepairedModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string[] _tokens = [];

    public void Dispose() => _folder.Dispose();

    /// <summary>A base model's configuration beside a chat model's weights: the end of the turn must end the answer.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(null)]
    public async Task The_end_of_a_turn_ends_the_answer_whatever_its_type_and_the_end_of_text(int? type)
    {
        await using QwenModel model = Load(keys =>
        {
            keys["tokenizer.ggml.eos_token_id"] = (uint)Id("<|endoftext|>");
            keys["tokenizer.ggml.token_type"] = type is { } other
                ? Retyped(keys, "<|im_end|>", other)
                : GgufValue.ArrayOf<int>([]);
        });
        using QwenChatClient client = new(model);

        ChatResponse answer = await client.GetResponseAsync(
            "Hi",
            new ChatOptions { Temperature = 0, MaxOutputTokens = 40 },
            TestContext.Current.CancellationToken);

        Assert.Equal("Hello, world!", answer.Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Contains("<|im_end|>", Assert.Single(model.Repairs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_typed_as_control_tokens_stay_visible()
    {
        await using QwenModel model = Load(keys => keys["tokenizer.ggml.token_type"] = Retyped(keys, "<think>", 3));

        Assert.True(model.Tokenizer.TryGetId("<think>", out int think));
        Assert.False(model.Tokenizer.IsControl(think));
        Assert.Contains("<think>", Assert.Single(model.Repairs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_a_pre_tokenizer_and_with_an_empty_template_answers()
    {
        await using QwenModel model = Load(keys =>
        {
            keys.Remove("tokenizer.ggml.pre");
            keys["tokenizer.chat_template"] = " \n";
        });

        Assert.Contains("im_start", model.Template.Source, StringComparison.Ordinal);
        Assert.Equal(2, model.Repairs.Count);
        Assert.Contains(model.Repairs, line => line.StartsWith("The file has no tokenizer.ggml.pre", StringComparison.Ordinal));
        Assert.Contains(model.Repairs, line => line.StartsWith("The chat template is empty", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_template_alone_in_an_array_is_the_template()
    {
        await using (QwenModel model = Load(keys => keys["tokenizer.chat_template"] = GgufValue.ArrayOf("{{ messages }}")))
            Assert.Equal("{{ messages }}", model.Template.Source);

        GgufException refusal = Assert.Throws<GgufException>(
            () => Load(keys => keys["tokenizer.chat_template"] = GgufValue.ArrayOf("a", "b")));
        Assert.Contains("has 2 templates", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bos", 100_000u, true)]
    [InlineData("eos", 100_000u, true)]
    [InlineData("padding", uint.MaxValue - 1, true)]
    [InlineData("bos", uint.MaxValue, false)]
    public async Task A_token_that_is_none_of_the_vocabulary_is_left_out(string role, uint id, bool isTold)
    {
        await using QwenModel model = Load(keys => keys[$"tokenizer.ggml.{role}_token_id"] = id);

        Assert.Null(role == "bos" ? model.Tokenizer.BosId : role == "eos" ? model.Tokenizer.EosId : model.Tokenizer.PadId);
        Assert.Contains(Id("<|im_end|>"), model.StopTokens);
        Assert.Equal(isTold ? 1 : 0, model.Repairs.Count);
        Assert.All(model.Repairs, line => Assert.Contains($"{id}", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_top_k_of_minus_one_is_off()
    {
        await using QwenModel model = Load(keys => keys["general.sampling.top_k"] = -1);

        Assert.Equal(0, model.RecommendedSampling().TopK);
        Assert.Contains("general.sampling.top_k is -1", Assert.Single(model.Repairs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_added_beyond_the_embedding_is_plain_text()
    {
        string folder = ScriptedFolder.Write(_folder["folder"]), path = Path.Combine(folder, "tokenizer.json");
        JsonNode tokenizer = JsonNode.Parse(File.ReadAllText(path))!;
        JsonNode beyond = tokenizer["added_tokens"]!.AsArray()[0]!.DeepClone();
        (beyond["id"], beyond["content"]) = (5000, "<|mine|>");
        tokenizer["added_tokens"]!.AsArray().Add(beyond);
        File.WriteAllText(path, tokenizer.ToJsonString());
        await using QwenModel model = QwenModel.Load(folder);

        Assert.All(model.EncodePrompt("a<|mine|>b"), id => Assert.InRange(id, 0, model.Config.VocabularySize - 1));
        Assert.Contains("'<|mine|>'", Assert.Single(model.Repairs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_says_what_it_means_has_nothing_repaired()
    {
        await using QwenModel model = Load(_ => { });
        Assert.Empty(model.Repairs);
    }

    private int Id(string token) => Array.IndexOf(_tokens, token);

    private static GgufValue Retyped(OrderedDictionary<string, GgufValue> keys, string token, int type)
    {
        keys["tokenizer.ggml.tokens"].TryGetStrings(out GgufStringArray? tokens);
        keys["tokenizer.ggml.token_type"].TryGetIntegers(out int[]? types);
        types![Array.IndexOf(tokens!.ToStrings(), token)] = type;
        return GgufValue.ArrayOf<int>(types);
    }

    private QwenModel Load(Action<OrderedDictionary<string, GgufValue>> edit)
    {
        string path = _folder["model.gguf"];
        GgufWriter writer = new();
        using (GgufFile file = GgufFile.Open(ScriptedCheckpoint.Write(_folder["scripted.gguf"])))
        {
            OrderedDictionary<string, GgufValue> keys = new(file.Metadata);
            keys["tokenizer.ggml.tokens"].TryGetStrings(out GgufStringArray? tokens);
            _tokens = tokens!.ToStrings();
            edit(keys);
            foreach ((string key, GgufValue value) in keys)
                writer.Add(key, value);

            foreach (Tensor tensor in file.Tensors)
                writer.AddTensor(tensor);

            writer.Save(path);
        }

        return QwenModel.Load(path, new QwenModelOptions { Threads = 1 });
    }
}
