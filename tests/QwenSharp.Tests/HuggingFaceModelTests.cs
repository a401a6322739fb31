using System.Globalization;
using System.Text.Json.Nodes;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Tokenizers;

namespace QwenSharp.Tests;

/// <summary>A Hugging Face folder where a GGUF file could be.</summary>
public sealed class HuggingFaceModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public HuggingFaceModelTests() => _model = ScriptedFolder.Write(_folder["Scripted-1B"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_answers_as_its_file_does()
    {
        await using QwenModel model = QwenModel.Load(_model, new() { Threads = 1, ContextLength = 256 });
        System.Text.StringBuilder text = new();
        await foreach (
            TextChunk chunk in model.CompleteAsync(
                model.EncodePrompt("\n"),
                new() { Sampling = new() { Temperature = 0 } },
                TestContext.Current.CancellationToken))
        {
            text.Append(chunk.Text);
        }

        Assert.Equal("Hello, world!", text.ToString());
        Assert.Equal("Scripted-1B", model.Id);
    }

    [Fact]
    public async Task The_folder_recommends_its_sampling_and_names_the_end_of_an_answer()
    {
        await using QwenModel model = QwenModel.Load(_model, new() { Threads = 1 });
        Assert.Equal((0.25f, 7), (model.RecommendedSampling().Temperature, model.RecommendedSampling().TopK));
        Assert.Contains(model.Tokenizer.EosId!.Value, model.StopTokens);
        Assert.Contains("<|im_start|>", model.Template.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenizer_and_template_open_without_the_model()
    {
        BpeTokenizer tokenizer = QwenTokenizer.Load(_model);
        Assert.Equal("Hello <think>", tokenizer.Decode(tokenizer.Encode("Hello <think>")));
        Assert.Equal(tokenizer.Encode("he"), QwenTokenizer.Load(Path.Combine(_model, "tokenizer.json")).Encode("he"));
        Assert.Contains("<|im_start|>", QwenChatTemplate.Load(_model).Source, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_may_have_the_two_files_of_GPT2_in_place_of_tokenizer_json(bool old)
    {
        BpeTokenizer made = QwenTokenizer.Load(_model);
        JsonNode json = JsonNode.Parse(File.ReadAllText(Path.Combine(_model, "tokenizer.json")))!;
        File.WriteAllText(Path.Combine(_model, "vocab.json"), json["model"]!["vocab"]!.ToJsonString());
        File.WriteAllLines(
            Path.Combine(_model, "merges.txt"),
            [
                "#version: 0.2",
                .. json["model"]!["merges"]!
                    .AsArray()
                    .Select(merge => merge is JsonArray pair ? string.Join(' ', pair.Select(part => (string)part!)) : (string)merge!),
            ]);
        JsonObject added = new(
            json["added_tokens"]!
                .AsArray()
                .Select(token =>
                    KeyValuePair.Create(
                        old ? (string)token!["content"]! : ((int)token!["id"]!).ToString(CultureInfo.InvariantCulture),
                        (JsonNode?)(old ? token["id"]!.DeepClone() : token.DeepClone()))));
        File.WriteAllText(
            Path.Combine(_model, old ? "added_tokens.json" : "tokenizer_config.json"),
            (old ? added : new JsonObject { ["added_tokens_decoder"] = added }).ToJsonString());
        File.Delete(Path.Combine(_model, "tokenizer.json"));

        BpeTokenizer read = QwenTokenizer.Load(_model);
        Assert.Equal(made.Encode("Hello <think> he<|im_end|>"), read.Encode("Hello <think> he<|im_end|>"));
        Assert.True(read.TryGetId("<|im_end|>", out int end) && read.IsControl(end));
        Assert.Equal(read.Encode("hello"), QwenTokenizer.Load(Path.Combine(_model, "vocab.json")).Encode("hello"));
    }

    [Fact]
    public async Task A_folder_of_the_first_generation_has_its_vocabulary_in_tiktokens_form()
    {
        ModelConfig config = Checkpoints.SmallModels.Config("qwen") with
        {
            VocabularySize = 480,
            KvHeads = 4,
            HasQkvBias = true,
            HasFusedQkv = true,
        };
        string path = _folder["Qwen-1B"];
        Directory.CreateDirectory(path);
        HuggingFaceFolder.Write(path, config, RandomWeights.Create(config, WeightMix.Find("f32"), 3));
        byte[][] tokens = [.. Enumerable.Range(0, 256).Select(value => (byte[])[(byte)value]), [.. "he"u8]];
        File.WriteAllLines(Path.Combine(path, "qwen.tiktoken"), tokens.Select((token, rank) => $"{Convert.ToBase64String(token)} {rank}"));

        BpeTokenizer tokenizer = QwenTokenizer.Load(path);
        Assert.Equal([256, 'y'], tokenizer.Encode("hey"));
        Assert.Equal(tokenizer.Encode("hé hey"), QwenTokenizer.Load(Path.Combine(path, "qwen.tiktoken")).Encode("hé hey"));

        await using QwenModel model = QwenModel.Load(path, new() { Threads = 1 });
        Assert.Contains(259, model.StopTokens);
        Assert.StartsWith(
            "<|im_start|>",
            QwenChatTemplate
                .Load(path)
                .Render(Chat.ChatTemplateConversation.Parse("""{"messages": [{"role": "user", "content": "Hi"}]}"""))
                .Text,
            StringComparison.Ordinal);

        using (Checkpoint folder = ModelFiles.Open(path, decode: false))
            ModelWriter.Save(folder, _folder["converted.gguf"], null, cancellationToken: TestContext.Current.CancellationToken);

        File.WriteAllText(Path.Combine(path, "qwen.tiktoken"), "QQ== 0\n");
        Assert.Contains("not whole", Assert.Throws<TokenizerFormatException>(() => QwenTokenizer.Load(path)).Message);
        Assert.Equal(tokenizer.Encode("hey, <|im_end|>"), QwenTokenizer.Load(_folder["converted.gguf"]).Encode("hey, <|im_end|>"));
    }

    [Fact]
    public void A_folder_without_a_vocabulary_says_what_is_missing()
    {
        File.Delete(Path.Combine(_model, "tokenizer.json"));
        Assert.Contains(
            "tokenizer.json",
            Assert.Throws<InvalidDataException>(() => QwenModel.Load(_model)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "tokenizer.json",
            Assert.Throws<InvalidDataException>(() => QwenTokenizer.Load(_model)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "config.json",
            Assert.Throws<HuggingFaceException>(() => QwenModel.Load(_folder["."])).Message,
            StringComparison.Ordinal);
    }
}
