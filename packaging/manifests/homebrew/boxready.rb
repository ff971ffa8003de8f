cask "boxready" do
  arch arm: "arm64", intel: "x86_64"

  version "@VERSION@"
  sha256 arm:   "@SHA256:boxready-macos-arm64.dmg@",
         intel: "@SHA256:boxready-macos-x86_64.dmg@"

  url "@HOMEPAGE@/releases/download/v#{version}/boxready-macos-#{arch}.dmg"
  name "BoxReady"
  desc "Tells whether applications will work on a self-hosted Bitrix24 portal"
  homepage "@HOMEPAGE@"

  livecheck do
    url "@HOMEPAGE@/releases/latest/download/latest.json"
    strategy :json do |json|
      json["version"]
    end
  end

  depends_on macos: ">= :monterey"

  app "BoxReady.app"
  binary "#{appdir}/BoxReady.app/Contents/MacOS/boxready"

  zap trash: [
    "~/Library/Application Support/boxready",
    "~/Library/Caches/boxready",
    "~/Library/LaunchAgents/dev.boxready.*.plist",
    "~/Library/Preferences/fyne/dev.boxready.BoxReady",
  ]
end
