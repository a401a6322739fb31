using QwenSharp.Formats;
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
        await foreach (TextChunk chunk in model.CompleteAsync(model.EncodePrompt("\n"), new() { Sampling = new() { Temperature = 0 } }, TestContext.Current.CancellationToken))
            text.Append(chunk.Text);

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

    [Fact]
    public void A_folder_without_a_vocabulary_says_what_is_missing()
    {
        File.Delete(Path.Combine(_model, "tokenizer.json"));
        Assert.Contains("tokenizer.json", Assert.Throws<InvalidDataException>(() => QwenModel.Load(_model)).Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", Assert.Throws<InvalidDataException>(() => QwenTokenizer.Load(_model)).Message, StringComparison.Ordinal);
        Assert.Contains("config.json", Assert.Throws<HuggingFaceException>(() => QwenModel.Load(_folder["."])).Message, StringComparison.Ordinal);
    }
}
