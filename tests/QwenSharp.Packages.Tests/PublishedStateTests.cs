using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace QwenSharp.Packages.Tests;

/// <summary>The one native library that the program needs, SQLite's, is there however it is published.</summary>
public abstract class PublishedStateTests<TProgram>(TProgram program) : IClassFixture<TProgram>
    where TProgram : PublishedProgram
{
    /// <summary>What is published.</summary>
    protected TProgram Program => program;

    [Fact(Explicit = true)]
    public async Task Keys_are_kept_in_SQLite_and_the_server_lets_in_by_them()
    {
        await program.PublishAsync();
        string state = program.PathOf("state");
        Command made = await program.RunAsync(null, "keys", "create", "ann", "--json", "--state", state);
        Assert.True(made.ExitCode == 0, made.Error);
        string key = JsonElement.Parse(made.Output).GetProperty("key").GetString()!;
        Command listed = await program.RunAsync(null, "keys", "list", "--state", state);
        Assert.Contains("ann", listed.Output, StringComparison.Ordinal);

        using Process server = Process.Start(new ProcessStartInfo(program.File, ["serve", "--model", "box", "--port", "0", "--state", state])
        {
            RedirectStandardOutput = true,
            Environment = { ["DOTNET_BUNDLE_EXTRACT_BASE_DIR"] = program.PathOf("unpacked") },
        })!;
        try
        {
            CancellationToken stop = TestContext.Current.CancellationToken;
            string listening = (await server.StandardOutput.ReadLineAsync(stop))!;
            using HttpClient client = new() { BaseAddress = new Uri(listening["Listening on ".Length..listening.IndexOf(';')]) };
            using HttpResponseMessage without = await client.GetAsync("/v1/models", stop);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using HttpResponseMessage with = await client.GetAsync("/v1/models", stop);
            using StringContent body = new(
                """{"messages":[{"role":"user","content":"Who are you?"}],"temperature":0}""",
                MediaTypeHeaderValue.Parse("application/json"));
            using HttpResponseMessage answer = await client.PostAsync("/v1/chat/completions", body, stop);

            Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (without.StatusCode, with.StatusCode));
            Assert.Contains("QwenSharp", await answer.Content.ReadAsStringAsync(stop), StringComparison.Ordinal);
        }
        finally
        {
            server.Kill();
        }
    }
}
